use super::guest::{MIGRATED, UNMIGRATED, answer, handling_with, keeping, versioned};
use super::{context, host_of, message};
use crate::config::PluginLimits;
use crate::conversation::NextState;
use crate::plugins::{StoredState, TurnResult};

/// A turn of the plugin on a state that this version wrote.
async fn on(bytes: &[u8], state: &str, version: Option<u32>) -> TurnResult {
    let plugins = host_of(bytes, PluginLimits::default()).await;
    let plugin = plugins.get("bot").expect("loaded");
    let result = plugins.decide_on(&plugin, &context(), Some(StoredState { state, version }), &message("hi")).await;
    assert_eq!(result.plugin_digest, plugin.digest_short());
    result
}

fn lines(result: &TurnResult) -> Vec<String> {
    result.log.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn g11_state_of_its_own_version_is_handed_over_as_it_is() {
    for version in [Some(2), None] {
        let result = on(&versioned(2, Some("unreachable")), "kept", version).await;
        assert_eq!(lines(&result), ["info: kept"], "{version:?}");
        assert_eq!(result.outcome.expect("a decision").state, NextState::Replace("v2".into()));
    }
}

#[tokio::test]
async fn g11_older_state_is_migrated_and_the_journal_says_so() {
    let result = on(&versioned(2, Some(MIGRATED)), "v1", Some(1)).await;
    assert_eq!(lines(&result), ["info: the state was migrated from version 1 to 2", "info: m2"]);
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
    let given = "(if (i32.ne (local.get $from) (i32.const 7)) (then unreachable)) (if (i32.ne (local.get $len) (i32.const 4)) (then unreachable))";
    let result = on(&versioned(9, Some(&format!("{given} {MIGRATED}"))), "four", Some(7)).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
}

#[tokio::test]
async fn g11_a_plugin_that_migrates_nothing_reads_what_it_finds() {
    assert_eq!(lines(&on(&versioned(2, None), "v1", Some(1)).await), ["info: v1"]);
    assert!(on(&keeping(), "v1", Some(1)).await.outcome.is_ok(), "without a manifest there are no versions");
    assert!(on(&keeping(), "v9", Some(9)).await.outcome.is_ok());
}

#[tokio::test]
async fn g11_newer_state_is_never_handed_to_an_older_plugin() {
    for migrate in [None, Some(MIGRATED), Some("unreachable")] {
        let result = on(&versioned(1, migrate), "v2", Some(2)).await;
        assert_eq!(lines(&result), [""; 0], "nothing ran");
        let failure = result.outcome.expect_err("too new");
        assert_eq!(failure.kind(), "state-too-new");
        let told =
            "the stored state has version 2, and this plugin reads versions up to 1: put back the plugin that wrote it";
        assert!(failure.to_string().starts_with(told), "{failure}");
    }
}

#[tokio::test]
async fn g11_a_migration_that_fails_is_told_as_one() {
    let endless = "(loop $spin (br $spin)) unreachable";
    let too_long = "(i32.store (i32.const 2308) (i32.const 65537)) (i32.const 2300)";
    let cases = [
        ("unreachable", "the plugin trapped: wasm `unreachable` instruction executed, in `migrate`"),
        (UNMIGRATED, "the plugin gave no decision: m2"),
        (endless, "the plugin ran longer than its 250 ms, in `migrate`"),
        (too_long, "the plugin's answer cannot be used"),
    ];
    for (body, why) in cases {
        let failure = on(&versioned(2, Some(body)), "v1", Some(1)).await.outcome.expect_err("no state");
        assert_eq!(failure.kind(), "migration-failed");
        let told = failure.to_string();
        // On a machine that is busy elsewhere the wall clock may be first.
        let why = if told.contains("the turn was given up") { "the turn was given up" } else { why };
        let expected = format!("the state could not be migrated from version 1 to 2, and stays as it is: {why}");
        assert!(told.starts_with(&expected), "{told}");
    }
}

#[tokio::test]
async fn nothing_of_a_migration_is_left_for_the_turn() {
    let items = format!(
        "(func (export \"turnwise:bot/manifest@0.1.0#describe\") (result i32) (i32.const 2048))
         (func (export \"turnwise:bot/migration@0.1.0#migrate\") (param i32 i32 i32) (result i32)
           (i32.store (i32.const 5000) (i32.const 1)) {MIGRATED})
         (data (i32.const 2064) \"\\02\")"
    );
    let body = format!("(if (i32.load (i32.const 5000)) (then unreachable)) {}", answer(&[]));
    let result = on(&handling_with("export manifest; export migration;", &body, &items), "v1", Some(1)).await;
    assert!(result.outcome.is_ok(), "{:?}", result.outcome);
}
