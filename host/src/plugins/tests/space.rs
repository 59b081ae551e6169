//! Row G2 of the fault matrix, as far as it is about room: more of everything than one instance may have.

use super::guest::{answer, handling_with};
use super::{compile, host, turn_of};
use crate::config::PluginLimits;
use crate::limits;
use crate::plugins::Problem;

async fn problem(bytes: &[u8]) -> Problem {
    match compile(&host(), "bot", bytes, PluginLimits::default()).await {
        Ok(_) => panic!("should be refused"),
        Err(error) => error.problem,
    }
}

#[tokio::test]
async fn g2_ten_thousand_instances_are_refused_at_load() {
    for (instances, why) in [
        (10_000, "it is too much to compile: it has more than 5000 instances"),
        (1_000, "it does not fit into the place of one instance"),
        (limits::PLUGIN_CORE_INSTANCES_MAX + 1, "it does not fit into the place of one instance"),
    ] {
        let component =
            format!("(component (core module $m) {})", "(core instance (instantiate $m))".repeat(instances));
        let told = problem(&wat::parse_str(component).expect("it parses")).await.to_string();
        // What exports nothing is refused for that where it would fit.
        assert!(told.starts_with(why), "{instances}: {told}");
    }
}

#[tokio::test]
async fn g2_components_within_components_are_refused_or_fit() {
    const EMPTY: [u8; 8] = *b"\0asm\x0d\0\x01\0";
    for depth in [90, 5_000] {
        let nested = (0..depth).fold(EMPTY.to_vec(), |inner, _| {
            let mut len = inner.len();
            let mut outer = [&EMPTY[..], &[4]].concat();
            while len >= 0x80 {
                outer.push((len & 0x7f) as u8 | 0x80);
                len >>= 7;
            }
            outer.push(len as u8);
            [outer, inner].concat()
        });
        let told = problem(&nested).await.to_string();
        let expected = ["it does not export", "it is too much to compile", "it is not a valid component"];
        assert!(expected.iter().any(|start| told.starts_with(start)), "{depth}: {told}");
    }
}

#[tokio::test]
async fn g2_a_table_that_is_too_large_from_the_start_is_refused() {
    let items = format!("(table {} funcref)", limits::PLUGIN_TABLE_ELEMENTS_MAX + 1);
    let found = problem(&handling_with("", "(i32.const 1024)", &items)).await;
    assert!(matches!(found, Problem::DoesNotFit(_) | Problem::Start(_)), "{found}");
}

#[tokio::test]
async fn g2_a_table_that_grows_without_end_is_stopped() {
    let items = "(table $t 1 funcref)";
    let body =
        "(loop $again (if (i32.eq (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)) (then unreachable))
        (br $again)) unreachable";
    let result = turn_of(&handling_with("", body, items)).await;
    let failure = result.outcome.expect_err("too large");
    assert_eq!(failure.kind(), "out-of-table-elements", "{failure}");
}

#[tokio::test]
async fn g2_several_memories_share_one_limit() {
    // Each alone is allowed what all of them are not.
    let items = "(memory $b 1) (memory $c 1)";
    let half = limits::PLUGIN_MEMORY_BYTES_MAX / 65536 / 2;
    let body = format!(
        "(if (i32.eq (memory.grow $b (i32.const {half})) (i32.const -1)) (then unreachable))
         (if (i32.ne (memory.grow $c (i32.const {half})) (i32.const -1)) (then unreachable)) {}",
        answer(&[])
    );
    let result = turn_of(&handling_with("", &body, items)).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
    assert!(result.memory_bytes_peak <= limits::PLUGIN_MEMORY_BYTES_MAX, "{}", result.memory_bytes_peak);
}
