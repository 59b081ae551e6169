//! Plugins written as core modules in text, made components the way every toolchain does it.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where `decided` leaves its answer: zeroes there are a decision that keeps the state and does nothing.
const DECISION_AT: u32 = 1024;

/// As much of WASI 0.2 as the guests here use.
const WASI: [&str; 6] = [
    "package wasi:io@0.2.0;
     interface poll { resource pollable { block: func(); } }
     interface error { resource error; }
     interface streams {
       use error.{error};
       variant stream-error { last-operation-failed(error), closed }
       resource input-stream { blocking-read: func(len: u64) -> result<list<u8>, stream-error>; }
       resource output-stream { blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>; }
     }",
    "package wasi:clocks@0.2.0;
     interface monotonic-clock {
       use wasi:io/poll@0.2.0.{pollable};
       now: func() -> u64;
       subscribe-duration: func(when: u64) -> pollable;
     }
     interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }",
    "package wasi:random@0.2.0;
     interface random { get-random-bytes: func(len: u64) -> list<u8>; get-random-u64: func() -> u64; }",
    "package wasi:cli@0.2.0;
     interface environment { get-environment: func() -> list<tuple<string, string>>; }
     interface stdin { use wasi:io/streams@0.2.0.{input-stream}; get-stdin: func() -> input-stream; }
     interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }
     interface exit { exit: func(status: result); }
     interface stderr { use wasi:io/streams@0.2.0.{output-stream}; get-stderr: func() -> output-stream; }",
    "package wasi:filesystem@0.2.0;
     interface types { resource descriptor; }
     interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }",
    "package wasi:sockets@0.2.0;
     interface network {
       resource network;
       enum error-code {
         unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict, not-in-progress,
         would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use, remote-unreachable,
         connection-refused, connection-reset, connection-aborted, datagram-too-large, name-unresolvable,
         temporary-resolver-failure, permanent-resolver-failure,
       }
       enum ip-address-family { ipv4, ipv6 }
     }
     interface instance-network { use network.{network}; instance-network: func() -> network; }
     interface tcp { resource tcp-socket; }
     interface tcp-create-socket {
       use network.{error-code, ip-address-family};
       use tcp.{tcp-socket};
       create-tcp-socket: func(address-family: ip-address-family) -> result<tcp-socket, error-code>;
     }
     interface udp { resource udp-socket; }
     interface udp-create-socket {
       use network.{error-code, ip-address-family};
       use udp.{udp-socket};
       create-udp-socket: func(address-family: ip-address-family) -> result<udp-socket, error-code>;
     }
     interface ip-name-lookup {
       use network.{network, error-code};
       resource resolve-address-stream;
       resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>;
     }",
];

/// A guest whose `handle` runs `body`: `$input` points to its arguments, its result to the answer.
pub(crate) fn handling(body: &str) -> Vec<u8> {
    component(&module("turnwise:bot/bot@0.1.0#handle", body, ""), "plugin", "")
}

/// The same with further imports of the world, and further items of the module.
pub(super) fn handling_with(imports: &str, body: &str, items: &str) -> Vec<u8> {
    component(&module("turnwise:bot/bot@0.1.0#handle", body, items), "extended", imports)
}

/// Writes numbers into the answer, each at its offset, and returns it.
pub(crate) fn answer(words: &[(u32, u32)]) -> String {
    let stores: String = words
        .iter()
        .map(|(offset, value)| format!("(i32.store (i32.const {}) (i32.const {value}))", DECISION_AT + offset))
        .collect();
    format!("{stores} (i32.const {DECISION_AT})")
}

/// The least a plugin can do: `keep`, no effects.
pub(crate) fn keeping() -> Vec<u8> {
    handling(&answer(&[]))
}

/// A guest of a state version below 10 that logs the state it is given and leaves `v` and its version. `migrate` is the body of its
/// migration, which has `$ptr`, `$len` and `$from` and returns where its answer is; the state it leaves there is usually at 3100: `m` and the
/// version.
pub(crate) fn versioned(version: u32, migrate: Option<&str>) -> Vec<u8> {
    // Behind the context, in the order of the contract.
    let (state, state_at, state_bytes) = (152, 156, 160);
    let body = format!(
        "(if (i32.load8_u offset={state} (local.get $input)) (then (call $log (i32.const 1)
           (i32.load offset={state_at} (local.get $input)) (i32.load offset={state_bytes} (local.get $input)))))
         {}",
        answer(&[(4, 1), (8, 3000), (12, 2)])
    );
    let migration = migrate.map_or_else(String::new, |body| {
        format!(
            "(func $migrate (export \"turnwise:bot/migration@0.1.0#migrate\") (param $ptr i32) (param $len i32) (param $from i32)
               (result i32) {body})"
        )
    });
    let items = format!(
        "(import \"turnwise:bot/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))
         (func (export \"turnwise:bot/manifest@0.1.0#describe\") (result i32) (i32.const 2048))
         {migration}
         (data (i32.const 2064) \"\\{version:02x}\") (data (i32.const 3000) \"v{version}\") (data (i32.const 3100) \"m{version}\")"
    );
    let exports = if migrate.is_some() { "export manifest; export migration;" } else { "export manifest;" };
    handling_with(exports, &body, &items)
}

/// A migration that leaves `m` and the version.
pub(crate) const MIGRATED: &str =
    "(i32.store (i32.const 2304) (i32.const 3100)) (i32.store (i32.const 2308) (i32.const 2)) (i32.const 2300)";

/// A migration that says `m` and the version is why it cannot.
pub(crate) const UNMIGRATED: &str =
    "(i32.store8 (i32.const 2300) (i32.const 1)) (i32.store8 (i32.const 2304) (i32.const 1))
    (i32.store (i32.const 2308) (i32.const 3100)) (i32.store (i32.const 2312) (i32.const 2)) (i32.const 2300)";

/// The text of a core module exporting `handle` under this name.
pub(super) fn module(handle: &str, body: &str, items: &str) -> String {
    let imports = if items.contains("(import") { items } else { "" };
    let items = if imports.is_empty() { items } else { "" };
    format!(
        r#"(module {imports}
          (memory (export "memory") 2)
          (global $heap (mut i32) (i32.const 65536))
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
            (global.set $heap (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
          (func $handle (export "{handle}") (param $input i32) (result i32) (local $a i32) {body})
          {items})"#
    )
}

/// Encodes a core module for a world of the contract, or for one like it with more imports and exports.
pub(super) fn component(module: &str, world: &str, more: &str) -> Vec<u8> {
    let module = wat::parse_str(module).expect("the module parses");
    component_of(module, world, more).expect("the component is encoded")
}

/// The same of a module in binary, which may not fit the world.
pub(super) fn component_of(module: Vec<u8>, world: &str, more: &str) -> Option<Vec<u8>> {
    let mut resolve = Resolve::default();
    for package in WASI {
        resolve.push_str("wasi.wit", package).expect("the part of WASI parses");
    }
    let contract = include_str!("../../../../wit/bot.wit");
    let (package, source) = if world == "plugin" {
        ("bot.wit", contract.to_owned())
    } else {
        ("bot.wit", format!("{contract}\nworld {world} {{ include plugin; {more} }}\n"))
    };
    let package = resolve.push_str(package, &source).expect("the contract parses");
    encode(module, &resolve, package, world)
}

/// Encodes a core module for the one world of another contract.
pub(super) fn foreign(module: &str, wit: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("foreign.wit", wit).expect("the foreign contract parses");
    let module = wat::parse_str(module).expect("the module parses");
    encode(module, &resolve, package, world).expect("the component is encoded")
}

fn encode(mut module: Vec<u8>, resolve: &Resolve, package: wit_parser::PackageId, world: &str) -> Option<Vec<u8>> {
    let world = resolve.select_world(&[package], Some(world)).expect("the world is there");
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false).expect("the metadata fits");
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&module).ok()?;
    encoder.encode().ok()
}
