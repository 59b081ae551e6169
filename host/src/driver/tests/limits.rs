//! Decisions beyond their limits, and what came due while the host was down.

use super::*;
use crate::conversation::kept::PendingTimer;
use crate::storage::TurnCommit;

#[tokio::test(flavor = "multi_thread")]
async fn seventeen_effects_and_a_state_over_its_limit_refuse_the_turn() {
    let world = World::new().await;
    let running = world.start();
    for text in ["remember this", "17 effects", "big state", "16 effects", "state"] {
        world.accept([("hostile", "u1".to_owned(), text.to_owned())]).await;
        world.until_waiting(0).await;
    }
    running.stop().await;
    assert_eq!(world.said("hostile", "u1").await[..3], ["remembered", "fallback", "fallback"]);
    let reasons: Vec<_> = (world.journal("hostile", "u1").await.into_iter().rev())
        .filter_map(|entry| match entry.outcome {
            Outcome::Failed { kind, reason } => Some((entry.context.turn, kind, reason)),
            Outcome::Decided(_) => None,
        })
        .take(2)
        .collect();
    for (nth, (turn, words)) in
        [(2, "17 effects; 16 are allowed"), (3, "65537 bytes; 65536 are allowed")].iter().enumerate()
    {
        let (at, kind, reason) = &reasons[nth];
        assert!(at == turn && kind == "bad-output" && reason.contains(words), "{at} {kind} {reason}");
    }
    assert_eq!(
        world.said("hostile", "u1").await.last().map(String::as_str),
        Some("\"this\""),
        "the state stays as it was"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_came_due_while_the_host_was_down_fires_at_the_next_start() {
    let world = World::new().await;
    let id = ConversationId::of("hostile", "u1");
    let due = Timestamp(SystemClock.now().0 - 3_600_000);
    let timer = PendingTimer { name: "remind".into(), due, payload: "7".into(), cancel_on_message: false };
    let conversation = Conversation {
        version: 1,
        source: "hostile".into(),
        user: User { external_id: Some("u1".into()), ..User::default() },
        bot: "hostile".into(),
        session: 1,
        last_turn: due,
        timers: vec![timer],
        alarm: Some(due),
        ..Conversation::default()
    };
    world.storage.commit(vec![TurnCommit::of(id, None, conversation)]).await.expect("committed");
    let world = world.restarted().await;
    let running = world.start();
    let fired = async {
        while world.journal("hostile", "u1").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), fired).await.expect("it fires");
    running.stop().await;
    let turns = world.journal("hostile", "u1").await;
    let Event::Timer(fired) = &turns[0].event else { panic!("{:?}", turns[0].event) };
    assert_eq!((turns.len(), fired.name.as_str(), fired.payload.as_str(), fired.due), (1, "remind", "7", due));
    assert_eq!(world.said("hostile", "u1").await.len(), 1, "the plugin was asked and its answer is to be sent");
}
