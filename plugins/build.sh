#!/bin/sh
# Builds the Rust plugins into plugins/NAME.wasm: components that import nothing but the contract.
#
#   plugins/build.sh              every folder in plugins/ that has a Cargo.toml
#   plugins/build.sh menu …       only these
#   plugins/build.sh --guests     the misbehaving guests of the tests as well, into target/guests/NAME.wasm
#
# It takes the first toolchain that is installed, and installs one where none is:
#   1. rustup's target wasm32-unknown-unknown, installed by `rustup target add`;
#   2. Debian's rustc-web, cargo-web and rust-web-src, by apt-get: they build the standard library themselves.
# TURNWISE_WASM_TOOLCHAIN=rustup or =debian insists on one. Cargo decides what is up to date.
set -eu

target=wasm32-unknown-unknown
debian_packages="rustc-web cargo-web rust-web-src"
rust_minor_min=95
rustup_seconds_max=60
progress_seconds=10
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

say() { printf '%s\n' "$*" >&2; }

# fail MISTAKE [FIX]…
fail() {
    say "error: $1"
    shift
    for line in "$@"; do say "       $line"; done
    exit 1
}

# run WHAT COMMAND…: keeps its output back until it fails or warns, and says every few seconds what it is at.
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
    if [ "$status" -ne 0 ] || grep -q '^warning' "$log"; then cat "$log" >&2; fi
    rm -f "$log"
    return "$status"
}

# ---- the toolchain ------------------------------------------------------------------------------------------------

has_rustup_target() { [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]; }

add_rustup_target() {
    command -v rustup >/dev/null || return 1
    say "==> Fetching $target with rustup (at most $rustup_seconds_max s)"
    run "rustup target add" timeout "$rustup_seconds_max" rustup target add "$target" && has_rustup_target
}

# Debian's own rustc of most releases is too old for the SDK.
has_debian() {
    [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] &&
        minor=$(/usr/bin/rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p') &&
        [ "${minor:-0}" -ge "$rust_minor_min" ] &&
        [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/std" ]
}

add_debian() {
    command -v apt-get >/dev/null || return 1
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || return 1
        as_root="sudo -n"
    fi
    say "==> Installing Debian's $debian_packages (145 MB to download)"
    # shellcheck disable=SC2086 # each word is an argument
    run "apt-get update" $as_root apt-get update &&
        run "apt-get install" $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $debian_packages &&
        has_debian
}

use_rustup() {
    toolchain=rustup
    cargo_of_toolchain=cargo
    build_std=
}

use_debian() {
    toolchain=debian
    cargo_of_toolchain=/usr/bin/cargo
    build_std="-Z build-std=std,panic_abort"
    export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1
}

choose_toolchain() {
    case ${TURNWISE_WASM_TOOLCHAIN:-any} in
    rustup) has_rustup_target || add_rustup_target || fail "rustup cannot provide $target" \
        "try \`rustup target add $target\`, or leave TURNWISE_WASM_TOOLCHAIN unset to fall back on Debian's packages" ;;
    debian) has_debian || add_debian || fail "Debian's WebAssembly toolchain is missing" \
        "install it as root: apt-get update && apt-get install $debian_packages" ;;
    any) has_rustup_target || has_debian || add_rustup_target || add_debian || fail "no toolchain builds WebAssembly" \
        "either: rustup target add $target" \
        "or, on Debian as root: apt-get update && apt-get install $debian_packages" ;;
    *) fail "TURNWISE_WASM_TOOLCHAIN is \"$TURNWISE_WASM_TOOLCHAIN\"" "it can be rustup or debian, or unset" ;;
    esac
    # A component is linked by a tool that comes with rustup's toolchain, whichever compiler is used.
    tools=$(rustc --print target-libdir)/../bin
    [ -x "$tools/wasm-component-ld" ] || fail "$tools/wasm-component-ld is missing" \
        "it comes with a toolchain of rustup: rustup toolchain install stable"
    if [ "${TURNWISE_WASM_TOOLCHAIN:-any}" = debian ] || ! has_rustup_target; then use_debian; else use_rustup; fi
}

# Small code, and a small shadow stack: a fresh instance has less memory to set up, and a turn starts sooner.
set_up_cargo() {
    export CARGO_TARGET_DIR="$root/target/plugins-$toolchain"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$tools/wasm-component-ld"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-C link-arg=-zstack-size=65536"
    export CARGO_PROFILE_RELEASE_OPT_LEVEL=s CARGO_PROFILE_RELEASE_LTO=true CARGO_PROFILE_RELEASE_STRIP=true
    export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort
    export PATH="$tools/gcc-ld:$PATH"
    if [ -t 2 ]; then export CARGO_TERM_COLOR=always; fi
}

# ---- the build ----------------------------------------------------------------------------------------------------

# build FOLDER OUTPUT
build() {
    name=$(basename "$1")
    [ -f "$1/Cargo.toml" ] || fail "there is no plugin in $1" "a Rust plugin is a folder with a Cargo.toml"
    started=$(date +%s)
    # shellcheck disable=SC2086 # each word is an argument
    (cd "$1" && run "$name" "$cargo_of_toolchain" build --release --target "$target" $build_std) ||
        fail "$name does not build" "the compiler's messages are above"
    crate=$(sed -n 's/^name *= *"\([^"]*\)".*/\1/p' "$1/Cargo.toml" | head -n 1 | tr - _)
    built=$CARGO_TARGET_DIR/$target/release/$crate.wasm
    [ -f "$built" ] || fail "$name builds no WebAssembly" "its Cargo.toml needs: [lib] crate-type = [\"cdylib\"]"
    if grep -q 'wasi:' "$built"; then
        fail "$name imports WASI" "a plugin has no files, clocks or sockets; see which dependency uses them: cargo tree"
    fi
    if cmp -s "$built" "$2"; then
        say "    $name is up to date"
        return
    fi
    # Whoever watches the folder sees the old file or the new one, never half of it.
    mkdir -p "$(dirname "$2")"
    cp "$built" "$2.part"
    mv "$2.part" "$2"
    say "    $name: $(($(wc -c <"$2") / 1024)) KiB, $(($(date +%s) - started)) s -> ${2#"$root/"}"
}

guests=false
if [ "${1:-}" = --guests ]; then
    guests=true
    shift
fi
case ${1:-} in -*) fail "unknown option $1" "usage: plugins/build.sh [--guests] [NAME]…" ;; esac

command -v rustc >/dev/null || fail "rustc is missing" "install Rust: https://rustup.rs"
choose_toolchain
set_up_cargo

if [ $# -eq 0 ]; then
    for manifest in "$root"/plugins/*/Cargo.toml; do
        [ -f "$manifest" ] && set -- "$@" "$(basename "$(dirname "$manifest")")"
    done
fi
say "==> Building plugins with the $toolchain toolchain"
for name in "$@"; do build "$root/plugins/$name" "$root/plugins/$name.wasm"; done

if $guests; then
    say "==> Building the guests of the tests"
    for manifest in "$root"/tests/guests/*/Cargo.toml; do
        folder=$(dirname "$manifest")
        build "$folder" "$root/target/guests/$(basename "$folder").wasm"
    done
fi
