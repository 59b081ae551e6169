//! Row G9 of the fault matrix: whatever a turn leaves behind, no later one finds. Places are used again and again, so what is not wiped
//! would be there.

use std::sync::Arc;
use std::time::Duration;

use super::guest::{answer, handling_with};
use super::{compile, context, host, message};
use crate::config::PluginLimits;
use crate::plugins::Plugins;

/// 120 MiB, nearly all that a plugin may have.
const PAGES: u32 = 1920;

/// Traps if any memory, table or global is not as it was written in the file; then leaves canaries in all of them.
fn canary() -> Vec<u8> {
    let items = "
         (table $small 100 funcref) (table $grown 1 100000 funcref) (global $seen (mut i64) (i64.const 7)) (elem declare func $bird)
         (memory $second 1) (func $bird)
         (func $scan (param $pages i32) (local $at i32)
           ;; Behind the arguments, which begin at 65536.
           (local.set $at (i32.const 81920))
           (loop $next
             (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
             (i64.store (local.get $at) (i64.const 0x4352594e41414331))
             (local.set $at (i32.add (local.get $at) (i32.const 8)))
             (br_if $next (i32.lt_u (local.get $at) (i32.mul (local.get $pages) (i32.const 65536)))))
           (local.set $at (i32.const 0))
           (loop $second
             (if (i64.ne (i64.load $second (local.get $at)) (i64.const 0)) (then unreachable))
             (i64.store $second (local.get $at) (i64.const 0x4352594e41414332))
             (local.set $at (i32.add (local.get $at) (i32.const 8)))
             (br_if $second (i32.lt_u (local.get $at) (i32.const 65536))))
           (local.set $at (i32.const 0))
           (loop $entry
             (if (i32.eqz (ref.is_null (table.get $small (local.get $at)))) (then unreachable))
             (table.set $small (local.get $at) (ref.func $bird))
             (local.set $at (i32.add (local.get $at) (i32.const 1)))
             (br_if $entry (i32.lt_u (local.get $at) (i32.const 100)))))";
    let body = format!(
        "(if (i64.ne (global.get $seen) (i64.const 7)) (then unreachable))
         (global.set $seen (i64.const 8))
         (if (i32.ne (memory.size) (i32.const 2)) (then unreachable))
         (if (i32.ne (memory.grow (i32.const {grown})) (i32.const 2)) (then unreachable))
         (if (i32.ne (table.grow $grown (ref.null func) (i32.const 5000)) (i32.const 1)) (then unreachable))
         (if (i32.eqz (ref.is_null (table.get $grown (i32.const 5000)))) (then unreachable))
         (table.fill $grown (i32.const 0) (ref.func $bird) (i32.const 5001))
         (call $scan (i32.const {PAGES}))
         {}",
        answer(&[]),
        grown = PAGES - 2
    );
    handling_with("", &body, items)
}

#[tokio::test(flavor = "multi_thread")]
async fn g9_no_byte_of_one_turn_is_there_in_another() {
    let plugins = Arc::new(host());
    let limits = PluginLimits { deadline: Duration::from_secs(20), ..PluginLimits::default() };
    // Of two plugins, so that places change hands between them.
    for name in ["one", "two"] {
        plugins.insert(compile(&plugins, name, &canary(), limits).await.expect("a plugin"));
    }
    let mut turns = tokio::task::JoinSet::new();
    for nth in 0..24 {
        let plugins = Arc::clone(&plugins);
        turns.spawn(async move { one_turn(&plugins, if nth % 3 == 0 { "two" } else { "one" }).await });
        if turns.len() >= 3 {
            turns.join_next().await.expect("under way").expect("no panic");
        }
    }
    turns.join_all().await;
}

async fn one_turn(plugins: &Plugins, bot: &str) {
    let result = plugins.decide(bot, &context(), Some("\"secret of another user\""), &message("hi")).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
}
