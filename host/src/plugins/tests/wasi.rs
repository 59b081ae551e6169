use std::time::Duration;

use super::guest::handling_with;
use super::{context, host_of, message, turn_of};
use crate::config::PluginLimits;
use crate::conversation::Context;
use crate::plugins::{LogLine, Plugins, TurnResult};

const LOG: &str = "(import \"turnwise:bot/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))";

/// Logs eight bytes at 2048, each made a letter.
const LOG_LETTERS: &str = "
    (i64.store (i32.const 2048) (i64.or (i64.const 0x4040404040404040)
        (i64.and (i64.const 0x1f1f1f1f1f1f1f1f) (i64.load (i32.const 2048)))))
    (call $log (i32.const 1) (i32.const 2048) (i32.const 8))";

fn lines(result: &TurnResult) -> Vec<String> {
    result.log.iter().map(LogLine::to_string).collect()
}

/// Sleeps the given time, then traps unless it has passed by the guest's own clock.
fn sleeping(nanos: u64) -> Vec<u8> {
    let imports =
        "(import \"wasi:clocks/monotonic-clock@0.2.0\" \"subscribe-duration\" (func $after (param i64) (result i32)))
        (import \"wasi:clocks/monotonic-clock@0.2.0\" \"now\" (func $now (result i64)))
        (import \"wasi:io/poll@0.2.0\" \"[method]pollable.block\" (func $block (param i32)))";
    let body = format!(
        "(call $block (call $after (i64.const {nanos})))
         (if (i64.lt_u (call $now) (i64.const {nanos})) (then unreachable)) (i32.const 1024)"
    );
    handling_with("import wasi:clocks/monotonic-clock@0.2.0; import wasi:io/poll@0.2.0;", &body, imports)
}

#[tokio::test]
async fn g2_a_sleep_is_over_at_once_and_its_time_has_passed() {
    let ten_hours = 36_000_000_000_000;
    let result = turn_of(&sleeping(ten_hours)).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
}

#[tokio::test]
async fn g2_sleeping_without_end_is_a_loop_like_any_other() {
    let imports =
        "(import \"wasi:clocks/monotonic-clock@0.2.0\" \"subscribe-duration\" (func $after (param i64) (result i32)))
        (import \"wasi:io/poll@0.2.0\" \"[method]pollable.block\" (func $block (param i32)))
        (import \"wasi:io/poll@0.2.0\" \"[resource-drop]pollable\" (func $drop (param i32)))";
    let body = "(loop $again (local.set $a (call $after (i64.const 1000000000))) (call $block (local.get $a))
        (call $drop (local.get $a)) (br $again)) unreachable";
    let bytes = handling_with("import wasi:clocks/monotonic-clock@0.2.0; import wasi:io/poll@0.2.0;", body, imports);
    let limits = PluginLimits { deadline: Duration::from_millis(20), ..PluginLimits::default() };
    let result = super::turn(&host_of(&bytes, limits).await).await;
    assert_eq!(result.outcome.expect_err("no end").kind(), "deadline-exceeded");
}

#[tokio::test]
async fn g2_handles_are_counted() {
    let imports =
        "(import \"wasi:clocks/monotonic-clock@0.2.0\" \"subscribe-duration\" (func $after (param i64) (result i32)))";
    let body = "(loop $again (drop (call $after (i64.const 1))) (br $again)) unreachable";
    let bytes = handling_with("import wasi:clocks/monotonic-clock@0.2.0;", body, imports);
    let failure = turn_of(&bytes).await.outcome.expect_err("too many handles");
    assert_eq!(failure.kind(), "trapped", "{failure}");
    assert!(failure.to_string().contains("resource table"), "{failure}");
}

#[tokio::test]
async fn the_time_of_day_is_the_turns() {
    let imports = "(import \"wasi:clocks/wall-clock@0.2.0\" \"now\" (func $now (param i32)))";
    let body = "(call $now (i32.const 2048))
        (if (i64.ne (i64.load (i32.const 2048)) (i64.const 1700000000)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 2056)) (i32.const 123000000)) (then unreachable)) (i32.const 1024)";
    let result = turn_of(&handling_with("import wasi:clocks/wall-clock@0.2.0;", body, imports)).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
}

#[tokio::test]
async fn the_dice_are_the_turns() {
    let imports = format!("{LOG} (import \"wasi:random/random@0.2.0\" \"get-random-u64\" (func $random (result i64)))");
    let body = format!("(i64.store (i32.const 2048) (call $random)) {LOG_LETTERS} (i32.const 1024)");
    let bytes = handling_with("import wasi:random/random@0.2.0;", &body, &imports);
    let plugins = host_of(&bytes, PluginLimits::default()).await;
    let rolled = async |plugins: &Plugins, seed| {
        let context = Context { seed, ..context() };
        lines(&plugins.decide("bot", &context, None, &message("hi")).await)
    };
    let first = rolled(&plugins, 7).await;
    assert_eq!(rolled(&plugins, 7).await, first);
    assert_ne!(rolled(&plugins, 8).await, first);
}

#[tokio::test]
async fn g2_a_gigabyte_of_random_bytes_is_refused() {
    let imports = "(import \"wasi:random/random@0.2.0\" \"get-random-bytes\" (func $random (param i64 i32)))";
    let body = "(call $random (i64.const 1073741824) (i32.const 2048)) (i32.const 1024)";
    let failure = turn_of(&handling_with("import wasi:random/random@0.2.0;", body, imports)).await.outcome;
    let failure = failure.expect_err("too much");
    assert!(failure.to_string().contains("65536 are given a call, in `handle`"), "{failure}");
}

#[tokio::test]
async fn there_is_no_environment() {
    let imports = "(import \"wasi:cli/environment@0.2.0\" \"get-environment\" (func $environment (param i32)))";
    let body =
        "(call $environment (i32.const 2048)) (if (i32.load (i32.const 2052)) (then unreachable)) (i32.const 1024)";
    let result = turn_of(&handling_with("import wasi:cli/environment@0.2.0;", body, imports)).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
}

#[tokio::test]
async fn g1_leaving_early_is_a_failed_turn() {
    let imports = "(import \"wasi:cli/exit@0.2.0\" \"exit\" (func $exit (param i32)))";
    let body = "(call $exit (i32.const 0)) (i32.const 1024)";
    let failure = turn_of(&handling_with("import wasi:cli/exit@0.2.0;", body, imports)).await.outcome;
    let failure = failure.expect_err("no answer");
    assert_eq!(failure.kind(), "trapped");
    assert!(failure.to_string().contains("exit"), "{failure}");
}

#[tokio::test]
async fn what_goes_to_stderr_is_in_the_log_even_after_a_trap() {
    let imports = "(import \"wasi:cli/stderr@0.2.0\" \"get-stderr\" (func $stderr (result i32)))
        (import \"wasi:io/streams@0.2.0\" \"[method]output-stream.blocking-write-and-flush\"
            (func $write (param i32 i32 i32 i32)))
        (data (i32.const 3000) \"panicked at src/lib.rs:7\\0ano newline here\")";
    let body = "(call $write (call $stderr) (i32.const 3000) (i32.const 40) (i32.const 2048)) unreachable";
    let bytes = handling_with("import wasi:cli/stderr@0.2.0; import wasi:io/streams@0.2.0;", body, imports);
    let result = turn_of(&bytes).await;
    assert_eq!(lines(&result), ["warn: panicked at src/lib.rs:7", "warn: no newline here"]);
    assert_eq!(result.outcome.expect_err("a trap").kind(), "trapped");
}

#[tokio::test]
async fn g2_random_bytes_without_end_are_a_loop_like_any_other() {
    let imports = "(import \"wasi:random/random@0.2.0\" \"get-random-bytes\" (func $random (param i64 i32)))";
    // What came is thrown away, so that the guest's own memory is not the limit.
    let body = "(loop $again (call $random (i64.const 60000) (i32.const 2048)) (global.set $heap (i32.const 65536)) (br $again))
        unreachable";
    let limits = PluginLimits { deadline: Duration::from_millis(20), ..PluginLimits::default() };
    let bytes = handling_with("import wasi:random/random@0.2.0;", body, imports);
    let result = super::turn(&host_of(&bytes, limits).await).await;
    let failure = result.outcome.expect_err("no end");
    assert!(["deadline-exceeded", "stalled"].contains(&failure.kind()), "{failure}");
}

#[tokio::test]
async fn g5_a_line_without_an_end_is_cut() {
    let imports = "(import \"wasi:cli/stdout@0.2.0\" \"get-stdout\" (func $stdout (result i32)))
        (import \"wasi:io/streams@0.2.0\" \"[method]output-stream.blocking-write-and-flush\"
            (func $write (param i32 i32 i32 i32)))";
    let body = "(local.set $a (call $stdout))
        (memory.fill (i32.const 4096) (i32.const 120) (i32.const 4096))
        (loop $again (call $write (local.get $a) (i32.const 4096) (i32.const 4096) (i32.const 2048)) (br $again)) unreachable";
    let imported = "import wasi:cli/stdout@0.2.0; import wasi:io/streams@0.2.0;";
    let limits = PluginLimits { deadline: Duration::from_millis(50), ..PluginLimits::default() };
    let result = super::turn(&host_of(&handling_with(imported, body, imports), limits).await).await;
    assert!(result.outcome.is_err());
    let kept: usize = result.log.iter().map(|line| line.text.len()).sum();
    assert!((4096..=5000).contains(&kept), "{kept} bytes of a line without an end");
}

/// Calls `call`, whose result goes to 2048, and traps unless `expected` holds there.
async fn denied(imported: &str, import: &str, call: &str, expected: &str) {
    let body = format!("{call} (if (i32.eqz {expected}) (then unreachable)) (i32.const 1024)");
    let result = turn_of(&handling_with(imported, &body, import)).await;
    assert!(result.outcome.is_ok(), "{import}: {:?}", result.outcome);
}

const IS_ERROR: &str = "(i32.eq (i32.load8_u (i32.const 2048)) (i32.const 1))";

#[tokio::test]
async fn g2_stdin_is_at_its_end() {
    denied(
        "import wasi:cli/stdin@0.2.0; import wasi:io/streams@0.2.0;",
        "(import \"wasi:cli/stdin@0.2.0\" \"get-stdin\" (func $stdin (result i32)))
         (import \"wasi:io/streams@0.2.0\" \"[method]input-stream.blocking-read\" (func $read (param i32 i64 i32)))",
        "(call $read (call $stdin) (i64.const 100) (i32.const 2048))",
        // `closed` is the second case of `stream-error`.
        &format!("(i32.and {IS_ERROR} (i32.load8_u (i32.const 2052)))"),
    )
    .await;
}

#[tokio::test]
async fn there_are_no_folders() {
    denied(
        "import wasi:filesystem/preopens@0.2.0;",
        "(import \"wasi:filesystem/preopens@0.2.0\" \"get-directories\" (func $folders (param i32)))",
        "(call $folders (i32.const 2048))",
        "(i32.eqz (i32.load (i32.const 2052)))",
    )
    .await;
}

#[tokio::test]
async fn g7_there_are_no_sockets_and_no_names() {
    for kind in ["tcp", "udp"] {
        denied(
            &format!("import wasi:sockets/{kind}-create-socket@0.2.0;"),
            &format!(
                "(import \"wasi:sockets/{kind}-create-socket@0.2.0\" \"create-{kind}-socket\" (func $create (param i32 i32)))"
            ),
            "(call $create (i32.const 0) (i32.const 2048))",
            IS_ERROR,
        )
        .await;
    }
    denied(
        "import wasi:sockets/ip-name-lookup@0.2.0; import wasi:sockets/instance-network@0.2.0;",
        "(import \"wasi:sockets/instance-network@0.2.0\" \"instance-network\" (func $network (result i32)))
         (import \"wasi:sockets/ip-name-lookup@0.2.0\" \"resolve-addresses\" (func $resolve (param i32 i32 i32 i32)))
         (data (i32.const 3000) \"localhost\")",
        "(call $resolve (call $network) (i32.const 3000) (i32.const 9) (i32.const 2048))",
        IS_ERROR,
    )
    .await;
}
