//! Which words are commands, in which language.

use super::*;

#[test]
fn a_command_is_known_in_the_users_language_and_in_english() {
    let commands = Commands::built_in();
    let find = |text: &str, language: Option<&str>| commands.find(text, language).map(|spoken| spoken.command);
    assert_eq!(find("Hilfe!", Some("de-AT")), Some(Command::Help));
    assert_eq!(find("help", Some("de")), Some(Command::Help));
    assert_eq!(find("hilfe", Some("fr")), None, "a word of another language may mean something else");
    assert_eq!(find("help", None), Some(Command::Help));
    assert_eq!(find("help", Some("ja")), Some(Command::Help));
    for text in ["", "help me", "unstoppable"] {
        assert_eq!(find(text, None), None, "{text:?}");
    }
}

#[test]
fn what_is_said_is_said_in_the_users_language() {
    let commands = Commands::built_in();
    let said = |text: &str, language: &str| commands.find(text, Some(language)).map(|spoken| spoken.reply.as_str());
    assert!(said("stop", "de").is_some_and(|text| text.starts_with("Okay, ich")));
    assert!(said("stop", "ja").is_some_and(|text| text.starts_with("Okay, I've")));
}

#[test]
fn an_empty_reply_is_none() {
    let mut commands = Commands::built_in();
    commands.spoken(Command::Stop, "en").reply.clear();
    let decision = commands.find("stop", None).and_then(Spoken::decision).expect("a decision");
    assert!(matches!(decision.effects[..], [Effect::EndSession(_)]));
}

#[test]
fn no_word_means_two_things_in_one_language() {
    let mut words: Vec<_> =
        BUILT_IN.iter().flat_map(|(_, language, words, _)| words.iter().map(move |word| (language, word))).collect();
    let count = words.len();
    words.sort();
    words.dedup();
    assert_eq!(words.len(), count);
}
