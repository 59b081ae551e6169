#!/bin/sh
# Keeps the menu bot of every language, as `make plugins` built it, for a version of the contract: tests/corpus/add.sh 0.1.1
set -eu

[ $# -eq 1 ] || { echo "usage: tests/corpus/add.sh VERSION" >&2; exit 2; }
cd "$(dirname -- "$0")/../.."
kept=tests/corpus/$1
grep -q "^package turnwise:bot@$1;" wit/bot.wit || { echo "error: wit/bot.wit is not version $1" >&2; exit 1; }
mkdir "$kept" "$kept/transcripts"
cp plugins/menu/tests/*.chat "$kept/transcripts/"
for name in menu menu-c menu-go menu-python menu-ts; do
    xz -9ec "plugins/$name.wasm" >"$kept/$name.wasm.xz"
    (cd plugins && sha256sum "$name.wasm") >>"$kept/SHA256SUMS"
done
