use std::path::{Path, PathBuf};

use super::*;
use crate::plugins::Plugin;
use crate::transcript::component::Components;
use crate::transcript::journaled::Journaled;
use crate::transcript::{Problem, play, transcripts_in};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("host/ is in the repository").into()
}

/// What a host's journal would have of a transcript.
fn journal(components: &Components, plugin: &Plugin, text: &str) -> (Vec<JournalEntry>, Result<(), Problem>) {
    let mut bot = Journaled::new(components.answering(plugin));
    let played = play(text, &mut bot);
    (bot.into_entries(), played)
}

#[test]
fn what_a_plugin_did_is_recorded_as_a_transcript_that_it_passes() {
    let components = Components::start().expect("an engine");
    for name in ["menu", "orders", "assistant", "echo"] {
        let plugin = components.load(&repository().join(format!("plugins/{name}.wasm"))).expect("it is built");
        for file in transcripts_in(&repository().join(format!("plugins/{name}/tests"))).expect("transcripts") {
            let text = std::fs::read_to_string(&file).expect("UTF-8");
            // Whether it passes is the plugin's own test; what is recorded is what was done.
            let (entries, _) = journal(&components, &plugin, &text);
            let recording = record(&entries, name);
            let shown = file.display();
            assert_eq!((&recording.cut, recording.turns), (&None, entries.len()), "{shown}\n{}", recording.text);
            let (again, played) = journal(&components, &plugin, &recording.text);
            played.unwrap_or_else(|problem| panic!("{}\n{}", problem.report(&shown.to_string()), recording.text));
            let outcomes = |entries: &[JournalEntry]| entries.iter().map(|one| one.outcome.clone()).collect::<Vec<_>>();
            assert_eq!(outcomes(&again), outcomes(&entries), "{shown}\n{}", recording.text);
        }
    }
}

#[test]
fn what_no_line_leads_to_ends_the_transcript_and_says_why() {
    let components = Components::start().expect("an engine");
    let plugin = components.load(&repository().join("plugins/echo.wasm")).expect("it is built");
    let (mut entries, played) = journal(&components, &plugin, "> a\n< 1: a [Forget]\n> b\n< 2: b [Forget]\n");
    assert_eq!(played, Ok(()));
    entries[1].state = Some("7".into());
    let recording = record(&entries, "echo");
    let cut = recording.cut.expect("the state is another");
    assert_eq!((recording.turns, cut.turn), (1, 2));
    assert!(cut.why.contains("another state than the turn before left"), "{}", cut.why);
    assert!(recording.text.ends_with("\n> a\n< 1: a [Forget]\n"), "{}", recording.text);

    entries[1].plugin_digest = [0; 8];
    let recording = record(&entries, "echo");
    assert_eq!((recording.turns, &recording.cut), (1, &None));
    assert!(recording.text.ends_with("\n# The host decided by itself: > b\n"), "{}", recording.text);
    assert_eq!(record(&entries, "menu").turns, 0);
}

#[test]
fn who_was_talking_is_told_only_as_far_as_the_bot_told_it() {
    let components = Components::start().expect("an engine");
    let plugin = components.load(&repository().join("plugins/echo.wasm")).expect("it is built");
    let (mut entries, _) = journal(&components, &plugin, "> a\n< 1: a [Forget]\n");
    let user = &mut entries[0].context.user;
    user.external_id = Some("customer-4711".into());
    user.phone = Some("+4917000000".into());
    user.language = None;
    let text = record(&entries, "echo").text;
    assert!(text.contains("\n@ user language=none\n") && !text.contains("4711") && !text.contains("+49"), "{text}");
    entries[0].context.user.external_id = Some("1: a".into());
    let text = record(&entries, "echo").text;
    assert!(text.contains("\n@ user id=\"1: a\"\n"), "what was said would differ without it: {text}");
}

/// A host's turns come a little after what they are about, and its timers a little late.
#[test]
fn a_clock_that_lags_behind_changes_nothing() {
    let components = Components::start().expect("an engine");
    let plugin = components.load(&repository().join("plugins/orders.wasm")).expect("it is built");
    let text = std::fs::read_to_string(repository().join("plugins/orders/tests/two-days.chat")).expect("UTF-8");
    let (mut entries, played) = journal(&components, &plugin, &text);
    assert_eq!(played, Ok(()));
    for (place, entry) in (0_u64..).zip(&mut entries) {
        entry.context.now.0 += place * 730 + 41;
        if let Event::SessionExpired { idle_seconds } = &mut entry.event {
            *idle_seconds += 1;
        }
    }
    let recording = record(&entries, "orders");
    assert_eq!(recording.cut, None, "{}", recording.text);
    let (again, played) = journal(&components, &plugin, &recording.text);
    played.unwrap_or_else(|problem| panic!("{}\n{}", problem.report("recording"), recording.text));
    assert_eq!(again.len(), entries.len());
}
