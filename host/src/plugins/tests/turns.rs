use std::time::Duration;

use super::guest::{answer, handling, handling_with, keeping};
use super::{compile, context, host, host_of, message, turn, turn_of};
use crate::config::PluginLimits;
use crate::conversation::{Decision, Effect, Event, NextState, PluginError};
use crate::limits;
use crate::plugins::{LogLine, TurnFailure, TurnResult};

/// A loop without an end.
const SPIN: &str = "(loop $spin (br $spin)) unreachable";

fn failure(result: TurnResult) -> TurnFailure {
    result.outcome.expect_err("the turn should fail")
}

#[tokio::test]
async fn the_least_plugin_keeps_its_state_and_does_nothing() {
    let result = turn_of(&keeping()).await;
    assert_eq!(result.outcome, Ok(Decision { state: NextState::Keep, effects: vec![], step: None }));
    assert_eq!(result.memory_bytes_peak, 2 * 65536);
    assert_eq!(result.log, []);
}

#[tokio::test]
async fn what_goes_in_comes_out() {
    // The arguments lie in memory as the contract orders them: the conversation's id first, the state behind the context.
    let context_bytes = 152;
    let body = format!(
        "(call $log (i32.const 2) (i32.load (local.get $input)) (i32.load offset=4 (local.get $input)))
         (i32.store (i32.const 1028) (i32.const 1))
         (i32.store (i32.const 1032) (i32.load offset={} (local.get $input)))
         (i32.store (i32.const 1036) (i32.load offset={} (local.get $input)))
         (i32.const 1024)",
        context_bytes + 4,
        context_bytes + 8
    );
    let log = "(import \"turnwise:bot/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))";
    let result = turn_of(&handling_with("", &body, log)).await;
    let lines: Vec<String> = result.log.iter().map(LogLine::to_string).collect();
    assert_eq!(lines, [format!("warn: {}", context().conversation)]);
    assert_eq!(result.outcome.expect("a decision").state, NextState::Replace("{\"n\":1}".into()));
}

#[tokio::test]
async fn a_bot_without_a_plugin_is_told_which_there_are() {
    let plugins = host_of(&keeping(), PluginLimits::default()).await;
    let result = plugins.decide("menu", &context(), None, &message("hi")).await;
    let failure = failure(result);
    assert_eq!(
        (failure.kind(), failure.to_string().as_str()),
        ("no-such-plugin", "there is no plugin \"menu\"; loaded are bot")
    );
}

#[tokio::test]
async fn every_turn_has_memory_of_its_own() {
    let body = "(if (i32.load (i32.const 2048)) (then unreachable)) (i32.store (i32.const 2048) (i32.const 1)) (i32.const 1024)";
    let plugins = host_of(&handling(body), PluginLimits::default()).await;
    for _ in 0..200 {
        assert!(turn(&plugins).await.outcome.is_ok());
    }
}

#[tokio::test]
async fn the_plugins_own_refusal_is_told() {
    let words = [(0, 1), (4, 0), (8, 3000), (12, 4)];
    let data = "(data (i32.const 3000) \"v99?\")";
    let failure = failure(turn_of(&handling_with("", &answer(&words), data)).await);
    assert_eq!(failure, TurnFailure::Refused(PluginError::BadState("v99?".into())));
    assert!(failure.to_string().contains("cannot read the stored state: v99?"));
}

#[tokio::test]
async fn g1_a_trap_is_told_with_the_function_it_happened_in() {
    let items = "(func $deeper unreachable)";
    let failed = failure(turn_of(&handling_with("", "(call $deeper) (i32.const 1024)", items)).await);
    assert_eq!(failed.kind(), "trapped");
    let told = failed.to_string();
    assert!(told.contains("`unreachable` instruction executed, in `deeper` < `handle`"), "{told}");

    let zero = failure(turn_of(&handling("(i32.div_u (i32.const 1) (local.get $a))")).await);
    assert!(zero.to_string().contains("integer divide by zero, in `handle`"), "{zero}");
    let outside = failure(turn_of(&handling("(i32.load (i32.const -8))")).await);
    assert!(outside.to_string().contains("out of bounds memory access"), "{outside}");
}

#[tokio::test]
async fn g1_a_trap_leaves_the_next_turn_alone() {
    let plugins = host_of(&handling("unreachable"), PluginLimits::default()).await;
    let good = compile(&plugins, "good", &keeping(), PluginLimits::default()).await.expect("a plugin");
    plugins.insert(good);
    for _ in 0..100 {
        assert!(turn(&plugins).await.outcome.is_err());
        assert!(plugins.decide("good", &context(), None, &message("hi")).await.outcome.is_ok());
    }
}

#[tokio::test]
async fn g2_a_loop_ends_at_its_deadline() {
    let limits = PluginLimits { deadline: Duration::from_millis(50), ..PluginLimits::default() };
    let result = turn(&host_of(&handling(SPIN), limits).await).await;
    assert!(result.duration >= Duration::from_millis(40), "{:?}", result.duration);
    let failure = failure(result);
    assert_eq!(failure.kind(), "deadline-exceeded");
    assert!(
        failure.to_string().starts_with("the plugin ran longer than its 50 ms, in `handle`: look for a loop"),
        "{failure}"
    );
}

#[tokio::test]
async fn g2_a_loop_that_calls_the_host_ends_too() {
    let log = "(import \"turnwise:bot/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))";
    let body = "(loop $spin (call $log (i32.const 1) (i32.const 0) (i32.const 100)) (br $spin)) unreachable";
    let limits = PluginLimits { deadline: Duration::from_millis(50), ..PluginLimits::default() };
    let result = turn(&host_of(&handling_with("", body, log), limits).await).await;
    assert!(
        result.log.last().is_some_and(|line| line.text.contains("16384 bytes a turn are used up")),
        "g5: one notice"
    );
    let kept: usize = result.log.iter().map(|line| line.text.len()).sum();
    assert!(kept <= 16 * 1024 + 100, "g5: {kept} bytes of log");
    // On a machine that is busy elsewhere the wall clock may be first.
    assert!(["deadline-exceeded", "stalled"].contains(&failure(result).kind()));
}

#[tokio::test]
async fn g2_recursion_ends_with_the_stack() {
    let items = "(func $down (param i32) (result i32) (i32.add (call $down (local.get 0)) (i32.const 1)))";
    let failure = failure(turn_of(&handling_with("", "(call $down (i32.const 0))", items)).await);
    assert_eq!(failure.kind(), "stack-overflow");
    assert!(failure.to_string().contains("`down` < `down`"), "{failure}");
    assert!(failure.to_string().len() < 1000, "the stack is not told in full");
}

#[tokio::test]
async fn g2_a_memory_bomb_stops_at_its_limit() {
    let body = "(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0)))) unreachable";
    let limits = PluginLimits { memory_bytes_max: 8 * 1024 * 1024, ..PluginLimits::default() };
    let result = turn(&host_of(&handling(body), limits).await).await;
    assert!(result.memory_bytes_peak <= 8 * 1024 * 1024 && result.memory_bytes_peak > 7 * 1024 * 1024);
    let failure = failure(result);
    assert_eq!(failure.kind(), "out-of-memory");
    assert!(failure.to_string().contains("8388608 bytes of memory, in `handle`"), "{failure}");
}

#[tokio::test]
async fn g2_all_memories_count_together() {
    let items = "(memory $second 1) (func $more (drop (memory.grow $second (i32.const 96))))";
    let body = "(drop (memory.grow 0 (i32.const 64))) (call $more) unreachable";
    let limits = PluginLimits { memory_bytes_max: 8 * 1024 * 1024, ..PluginLimits::default() };
    assert_eq!(failure(turn(&host_of(&handling_with("", body, items), limits).await).await).kind(), "out-of-memory");
}

#[tokio::test]
async fn g2_a_table_bomb_stops_at_its_limit() {
    let items = "(table $t 1 funcref)";
    let body = "(loop $more (br_if $more (i32.ge_s (table.grow $t (ref.null func) (i32.const 1000)) (i32.const 0)))) unreachable";
    let failure = failure(turn_of(&handling_with("", body, items)).await);
    assert_eq!(failure.kind(), "out-of-table-elements");
}

#[tokio::test]
async fn g4_answers_that_are_none_are_refused() {
    let one_gigabyte = 1 << 30;
    let far = 0x00ff_ff00;
    let bad = [
        ("state of 1 GiB", vec![(4, 1), (8, 2048), (12, one_gigabyte)]),
        ("state outside memory", vec![(4, 1), (8, far), (12, 16)]),
        ("2^31 effects", vec![(16, 2048), (20, 1 << 31)]),
        ("unaligned effects", vec![(16, 2049), (20, 1)]),
        ("effect of no kind", vec![(16, 2048), (20, 1), (1024, 99)]),
        ("result of no kind", vec![(0, 7)]),
        ("state of no kind", vec![(4, 200)]),
        ("state that is no text", vec![(4, 1), (8, 3000), (12, 4), (1976, 0xffff_ffff)]),
    ];
    for (what, words) in bad {
        let failure = failure(turn_of(&handling(&answer(&words))).await);
        assert_eq!(failure.kind(), "bad-output", "{what}: {failure}");
    }
    let unaligned = failure(turn_of(&handling("(i32.const 1025)")).await);
    assert_eq!(unaligned.kind(), "bad-output");
}

#[tokio::test]
async fn g4_a_huge_text_is_refused_before_the_host_holds_it() {
    let grow = "(drop (memory.grow (i32.const 320)))";
    let body = format!("{grow} {}", answer(&[(4, 1), (8, 65536), (12, 16 * 1024 * 1024)]));
    let failure = failure(turn_of(&handling(&body)).await);
    assert_eq!(failure, TurnFailure::HostcallFuel { limit: 1024 * 1024 });
}

#[tokio::test]
async fn g4_a_decision_beyond_the_limits_is_refused_as_a_whole() {
    // 17 effects out of zeroed memory: replies with an empty text.
    let too_many = failure(turn_of(&handling(&answer(&[(16, 8192), (20, 17)]))).await);
    assert!(too_many.to_string().contains("17 effects; 16 are allowed"), "{too_many}");
    let empty = failure(turn_of(&handling(&answer(&[(16, 8192), (20, 1)]))).await);
    assert!(empty.to_string().contains("effects[0] (reply): text is empty"), "{empty}");
}

#[tokio::test]
async fn g4_what_looks_like_syntax_stays_text() {
    let data = "(data (i32.const 3000) \"{{x}}\\00\\1b[2J\\\"}\") ";
    // One effect: a reply (kind 0) whose text lies at 3000.
    let words = [(16, 8192), (20, 1), (8192 - 1024 + 4, 3000), (8192 - 1024 + 8, 12)];
    let decision = turn_of(&handling_with("", &answer(&words), data)).await.outcome.expect("a decision");
    let Some(Effect::Reply(reply)) = decision.effects.first() else { panic!("{decision:?}") };
    assert_eq!(reply.text, "{{x}}\0\u{1b}[2J\"}");
}

/// Twice as many loops as threads, each good for ten seconds: if one held its thread, nobody else would come to run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g2_a_loop_holds_nobody_up() {
    let limits = PluginLimits { deadline: Duration::from_secs(10), ..PluginLimits::default() };
    let plugins = std::sync::Arc::new(host());
    for (name, bytes, limits) in [("loop", handling(SPIN), limits), ("good", keeping(), PluginLimits::default())] {
        let plugin = compile(&plugins, name, &bytes, limits).await.expect("a plugin");
        plugins.insert(plugin);
    }
    let mut loops = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let plugins = plugins.clone();
        loops.spawn(async move { plugins.decide("loop", &context(), None, &message("hi")).await });
    }
    let mut good = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let plugins = plugins.clone();
        good.spawn(async move { plugins.decide("good", &context(), None, &message("hi")).await });
    }
    for result in good.join_all().await {
        assert!(result.outcome.is_ok());
    }
    assert!(loops.try_join_next().is_none(), "the loops are still running");
    loops.shutdown().await;
    let again = plugins.decide("good", &context(), None, &message("hi")).await;
    assert!(again.outcome.is_ok(), "what was given up has given back its places");
}

/// Whoever else is on the thread blocks it for 30 ms at a time, so that a deadline of 20 ms would be spent in over half a second.
#[tokio::test]
async fn g2_a_turn_that_is_not_let_run_is_given_up_in_the_end() {
    let limits = PluginLimits { deadline: Duration::from_millis(20), ..PluginLimits::default() };
    let plugins = host_of(&handling(SPIN), limits).await;
    let blocking = async {
        loop {
            std::thread::sleep(Duration::from_millis(30));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        result = turn(&plugins) => {
            assert!(result.duration >= Duration::from_millis(80), "{:?}", result.duration);
            assert_eq!(failure(result), TurnFailure::Stalled { limit: Duration::from_millis(80) });
        }
        () = blocking => {}
    }
}

#[tokio::test]
async fn a_turn_given_up_gives_its_place_back() {
    let plugins = host_of(&handling(SPIN), PluginLimits::default()).await;
    let before = plugins.runtime.places_free();
    for _ in 0..2 * limits::TURNS_IN_FLIGHT_MAX {
        tokio::select! {
            biased;
            _ = turn(&plugins) => panic!("it has no end"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(plugins.runtime.places_free(), before);
}

#[tokio::test]
async fn the_contracts_other_events_arrive() {
    let plugins = host_of(&keeping(), PluginLimits::default()).await;
    for event in [Event::SessionExpired { idle_seconds: 3600 }, Event::Burst(vec![]), message("")] {
        assert!(plugins.decide("bot", &context(), None, &event).await.outcome.is_ok());
    }
}
