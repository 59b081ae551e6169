#!/bin/sh
# Installs what the tests in a browser need: Debian's chromium and chromium-driver, where there is no chromedriver yet.
#
# Where they cannot be installed (not Debian, not root, no network) those tests are skipped, and say so; with CI=true they fail.
set -eu

packages="chromium chromium-driver"
progress_seconds=10

say() { printf '%s\n' "$*" >&2; }

without() {
    say "==> No browser: $1. The tests in a browser are skipped; to have them: apt-get install $packages"
    exit 0
}

if command -v chromedriver >/dev/null; then exit 0; fi
command -v apt-get >/dev/null || without "there is no apt-get here"
[ "$(id -u)" -eq 0 ] || without "only root can install packages"

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# apt COMMAND…: apt-get in silence, but for a line every few seconds.
apt() {
    DEBIAN_FRONTEND=noninteractive apt-get "$@" >"$log" 2>&1 </dev/null &
    installing=$!
    seconds=0
    while kill -0 "$installing" 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        [ $((seconds % progress_seconds)) -ne 0 ] || say "    apt-get $1: $seconds s, $(tail -n 1 "$log" | cut -c 1-80)"
    done
    wait "$installing"
}

say "==> Installing $packages for the tests in a browser"
# shellcheck disable=SC2086
if ! { apt update && apt install --yes --no-install-recommends $packages; }; then
    tail -n 3 "$log" >&2
    without "apt-get could not install it"
fi
