#!/bin/sh
# Tests the C SDK natively, under the address and undefined-behaviour sanitizers: plugin-sdk/c/tests/run.sh [COMPILER]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${1:-cc}" -std=c11 -g -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
    -I"$here/.." "$here"/*.c "$here"/../*.c -lm -o "$folder/tests"
"$folder/tests"
