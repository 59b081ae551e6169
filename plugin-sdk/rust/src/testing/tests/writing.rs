//! Mistakes told all at once, and expectations written down.

use super::*;

fn updated(text: &str) -> Option<String> {
    update(text, &mut Native::<Parrot>::default()).expect("it can be played")
}

/// What is written then comes true.
fn updates(text: &str, expected: &str) {
    let updated = updated(text).expect("something is to be changed");
    assert_eq!(updated, expected);
    play(&updated, &mut Native::<Parrot>::default()).expect("it passes");
    assert_eq!(self::updated(&updated), None);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "> hi\n< a [b\n@ handof failed\n~ soon\n= state {\n> bye\n< fine\n";
    let Err(Problem::Mistakes(mistakes)) = play(text, &mut Native::<Parrot>::default()) else { panic!("it has some") };
    assert_eq!(mistakes.iter().map(|Mistake { line, .. }| *line).collect::<Vec<_>>(), [2, 3, 4, 5]);
    let report = Problem::Mistakes(mistakes).report("a.chat");
    for place in ["a.chat:2: ", "\na.chat:3: ", "\na.chat:4: ", "\na.chat:5: "] {
        assert!(report.contains(place), "{place}: {report}");
    }
    // What follows a line that cannot be read is not a mistake for that.
    let first = transcript::parse("hi\n< hello\n").expect_err("one");
    assert_eq!(first.len(), 1);
}

#[test]
fn what_the_bot_does_is_written_and_the_rest_stays_as_it_was() {
    updates(
        "# Greeting.\n> hi\n< you said hello\n\n  # A closer look.\n  > choices\n  < pick [One]\n> bye\n< you said {word}\n",
        "# Greeting.\n> hi\n< you said hi\n\n  # A closer look.\n  > choices\n  < pick [First one] [Second]\n> bye\n< you said {word}\n",
    );
    // What is missing goes behind what is there, what is not done goes.
    updates(
        "> agent\n! note be nice\n< One moment\n= step x\n\n> hi\n< you said hi\n< and more\n! timer late 1h\n",
        "> agent\n! handoff asked\n! note be nice\n< One moment\n= step with-agent\n\n> hi\n< you said hi\n",
    );
    updates("> hi", "> hi\n< you said hi\n");
    updates("\u{feff}> hi\r\n< no\r\n> ho", "\u{feff}> hi\r\n< you said hi\r\n> ho\n< you said ho\n");
    updates("> one\n>> two\n# end\n", "> one\n>> two\n< 2 at once, the last two\n# end\n");
}

#[test]
fn bookkeeping_and_claims_are_corrected_where_they_are_written() {
    updates(
        "> attributes\n! attribute plan=silver\n! attribute visits+=1\n! attribute tags add new\n= state {\"count\":7}\n= session 2\n",
        "> attributes\n! attribute plan=\"gold\"\n! attribute visits+=-2\n! attribute tags add vip\n= state {\"count\":1}\n= session 1\n",
    );
    updates(
        "> timers\n= timer late 1h\n= timer lost 2h\n= timers none\n",
        "> timers\n= timer late 2h\n= timers dropped, late, soon\n= timers dropped, late, soon\n",
    );
    updates("> no json\n< fine\n", "> no json\n! error other writing a value as JSON: key must be a string\n");
}

#[test]
fn what_passes_is_not_touched() {
    for text in [
        "> hi\n<   you {said|wrote}   hi \n".replace("   hi", " hi").as_str(),
        "> attributes\n! attribute plan={...}\n! attribute size={ \"a\": true, \"b\": [ 1 ] }\n",
        "> choices\n< pick [...]\n= state {\"count\":\"{number}\"}\n",
    ] {
        assert_eq!(updated(text), None, "{text}");
    }
}
