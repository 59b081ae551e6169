use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Mistake, Native, Problem, play, run, run_text, said, transcript, update};
use crate::{
    Event, HandoffUpdate, Message, NamedJson, Plugin, Priority, Response, Result, TimerFired, Turn, WhileWaiting,
};

mod worlds;
mod writing;

/// Does what the text of a message says, one effect of the contract at a time.
struct Parrot;

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    count: u32,
    tag: Option<String>,
}

impl Plugin for Parrot {
    type State = State;

    fn on_message(turn: &mut Turn<State>, message: &Message) -> Result {
        turn.state.count += 1;
        if let Some(id) = &message.choice {
            turn.reply(format!("chose {id}"));
            return Ok(());
        }
        match message.text.as_str() {
            "hold" => _ = turn.request("shop", "/slow").while_waiting(WhileWaiting::Hold).timeout_seconds(30),
            "cancel request" => _ = turn.request("shop", "/slow").while_waiting(WhileWaiting::Cancel),
            "loop" => _ = turn.request("shop", "/loop").id("loop"),
            "two requests" => {
                turn.request("shop", "orders/1?full=1").id("one");
                turn.request("bank", "/balance").id("two");
            }
            "11 timers" => {
                let (count, delay) = (turn.state.count, Duration::from_secs(9));
                (0..11).for_each(|n| _ = turn.start_timer(format!("{count}-{n}"), delay));
            }
            "at once" => _ = turn.start_timer("now", Duration::ZERO),
            "who" => {
                let user = turn.user().clone();
                let alias = user.alias.map(|alias| alias.name);
                turn.reply(format!("{:?} {:?} {:?} {alias:?}", user.external_id, user.phone, user.language));
            }
            "choices" => _ = turn.reply("pick").choice("a", "First one").choice_described("b", "Second", "the other"),
            "media" => _ = turn.reply("see").media("https://x.example/a.png", "image/png").choice("a", "Nice"),
            "campaigns" => {
                turn.reply("styled").campaign("fancy").property("colour", "red");
                turn.send_campaign("promo").property("plan", "gold");
                turn.send_canvas("onboarding");
            }
            "attributes" => {
                turn.set_attribute("plan", "gold");
                turn.set_attribute("size", serde_json::json!({ "b": [1], "a": true }));
                turn.unset_attribute("old");
                turn.increment_attribute("visits", -2);
                turn.add_to_attribute("tags", "vip");
                turn.remove_from_attribute("tags", "new");
            }
            "timers" => {
                turn.start_timer("late", Duration::from_secs(7200)).payload(7);
                turn.start_timer("soon", Duration::from_millis(1500));
                turn.start_timer("dropped", Duration::from_secs(60)).cancel_on_message();
            }
            "cancel" => turn.cancel_timer("late"),
            "request" => {
                let body = serde_json::json!({ "order": 7 });
                let request = turn.request("shop", "/orders").json(&body).timeout_seconds(3);
                request.id("lookup").header("x-a", "b").while_waiting(WhileWaiting::Hold);
            }
            "agent" => {
                turn.handoff("asked").summary("needs help").notice("One moment").team("sales").priority(Priority::High);
                turn.note("be nice");
                turn.step("with-agent");
            }
            "rest" => {
                turn.track_event("seen", serde_json::json!({ "n": 1 }));
                turn.switch_bot("orders", 5);
                turn.custom("typing", true);
                turn.end_session("solved");
            }
            "clear" => turn.state = State::default(),
            "count" => _ = turn.reply(turn.state.count.to_string()),
            "session" => _ = turn.reply(format!("{} at {}", turn.context().session, turn.now())),
            "setting" => _ = turn.reply(turn.setting::<String>("hours")?.unwrap_or("none".into())),
            "random" => {
                let (a, b) = (turn.random_below(1000), turn.random_below(1000));
                turn.state.tag.get_or_insert_with(|| format!("{a}-{b}"));
                turn.reply(if a == b { "the same" } else { "different" });
            }
            "no json" => turn.set_attribute("map", std::collections::BTreeMap::from([((1, 2), 3)])),
            "stack" => return Err(crate::Error::new("Error: boom\n    at bot.js:3\n    at bot.js:9\n")),
            "long title" => _ = turn.reply("x").choice("a", "a title of more than 20"),
            "many" => (0..17).for_each(|_| turn.note("n")),
            other => _ = turn.reply(format!("you said {other}")),
        }
        Ok(())
    }

    fn on_timer(turn: &mut Turn<State>, timer: &TimerFired) -> Result {
        let payload: Option<u32> = timer.read()?;
        turn.reply(format!("{} {payload:?}", timer.name));
        Ok(())
    }

    fn on_response(turn: &mut Turn<State>, response: &Response) -> Result {
        if response.id == "loop" {
            turn.request("shop", "/loop").id("loop");
            return Ok(());
        }
        match &response.outcome {
            Ok(answer) => turn.reply(format!("{} {} {}", response.id, answer.status, answer.read::<u8>()?)),
            Err(error) => turn.reply(format!("{} {error:?}", response.id)),
        };
        Ok(())
    }

    fn on_handoff(turn: &mut Turn<State>, update: &HandoffUpdate) -> Result {
        if let HandoffUpdate::Returned(back) = update {
            turn.reply(format!("back with {:?}", back.note));
        }
        Ok(())
    }

    fn on_external(turn: &mut Turn<State>, event: &NamedJson) -> Result {
        turn.reply(format!("{} {}", event.name, event.value));
        Ok(())
    }

    fn on_burst(turn: &mut Turn<State>, messages: &[Message]) -> Result {
        turn.reply(format!("{} at once, the last {}", messages.len(), messages[messages.len() - 1].text));
        Ok(())
    }

    fn on_delivery_failed(turn: &mut Turn<State>, failure: &crate::DeliveryFailure) -> Result {
        turn.reply(format!("{} of {} failed: {}", failure.campaign, failure.turn, failure.reason));
        Ok(())
    }

    fn on_switched(turn: &mut Turn<State>, from: &NamedJson) -> Result {
        turn.reply(format!("from {} with {}", from.name, from.value));
        Ok(())
    }

    fn on_session_expired(turn: &mut Turn<State>, _idle_seconds: u32) -> Result {
        turn.state.count = 100;
        Ok(())
    }

    fn on_event(turn: &mut Turn<State>, event: &Event) -> Result {
        crate::debug!("an event");
        crate::dispatch::<Self>(turn, event)
    }
}

#[test]
fn every_effect_has_a_line() {
    run::<Parrot>(
        r#"
> choices
< pick [First one] [Second]
>  FIRST one
< chose a
> media
< see {image/png https://x.example/a.png} [Nice]

> campaigns
< styled
! via fancy
! property colour=red
! campaign promo plan="gold"
! canvas onboarding

> attributes
! attribute tags add vip
! attribute tags remove new
! attribute plan=gold
! attribute size={ "a": true, "b": [ 1 ] }
! attribute old unset
! attribute visits+=-2

> request
! request lookup POST shop/orders {"order": 7}
@ response lookup 200 9
< lookup 200 9
@ response lookup timeout
< lookup RequestError::Timeout
@ response lookup 200 nine
! error

> rest
! event seen {"n":1}
! switch-bot orders 5
! end-session solved
! custom typing true
"#,
    );
}

#[test]
fn time_fires_timers_in_order_and_messages_drop_some() {
    run::<Parrot>(
        "
> timers
! timer late 2h 7
! timer soon 2s
! timer dropped 1m
> hi
< you said hi
~ 1s
< soon None
~ 3h
< late Some(7)
> timers
> cancel
! cancel-timer late
~ 1d
< soon None
",
    );
}

#[test]
fn an_agent_silences_the_bot() {
    run::<Parrot>(
        "
> agent
! handoff asked
< One moment
! summary needs help
! team sales
! priority high
! note be nice
= step with-agent
@ handoff accepted Ana
> can you hear me
@ handoff returned paid back
< back with Some(\"paid back\")
@ external order-shipped {\"n\":1}
< order-shipped \\{\"n\":1\\}
",
    );
}

#[test]
fn state_lasts_until_it_is_cleared() {
    run::<Parrot>("> a\n< you said a\n> count\n< 2\n> clear\n> count\n< 1\n@ session-expired 24h\n> count\n< 101");
}

#[test]
fn random_numbers_follow_from_the_seed() {
    run::<Parrot>("\u{feff}> random\r\n< different\r\n");
    run::<Parrot>("@ setting hours=\"9\"\n> setting\n< 9\n@ setting hours=9\n> setting\n! error other");
}

#[test]
fn what_cannot_be_sent_is_an_error() {
    run::<Parrot>("> no json\n! error other writing a value as JSON: key must be a string");
    run::<Parrot>("> long title\n! refused effects[0] (reply): a choice's title has 23 characters; 20 are allowed");
    run::<Parrot>("> many\n! refused the decision has 17 effects; 16 are allowed a turn:");
    // A decision is done as a whole or not at all: the state is as it was.
    run::<Parrot>("> many\n! refused\n> count\n< 1");
}

#[test]
fn differences_name_the_line_and_show_both_sides() {
    let fails = |text: &str| run_text::<Parrot>("a.chat", text).expect_err("the transcript is wrong");
    assert_eq!(
        fails("> hi\n< you said hi\n\n> choices\n< pick [First one] [Third]\n< more\n= step x\n"),
        "a.chat:5: the bot did not do what is written (- written, + done)\n\n\
         \x20   4   > choices\n\
         \x20   5 - < pick [First one] [Third]\n\
         \x20   6 - < more\n\
         \x20   7 - = step x\n\
         \x20     + < pick [First one] [Second]\n"
    );
    // What nobody wrote about but everybody notices.
    assert_eq!(
        fails("> agent\n< One moment\n"),
        "a.chat:1: the bot did not do what is written (- written, + done)\n\n\
         \x20   1   > agent\n\
         \x20     + ! handoff asked\n\
         \x20   2   < One moment\n"
    );
    // Bookkeeping is shown once some that was written is missing.
    assert!(fails("> attributes\n! attribute plan=silver").contains("+ ! attribute plan=\"gold\""));
    assert!(fails("> agent\n! handoff\n< One moment\n= step menu").contains("+ = step with-agent"));
    // A stack is one line to a transcript, and several to its reader.
    run::<Parrot>("> stack\n! error other Error: boom");
    run::<Parrot>("> stack\n! error other Error: boom\\n    at bot.js:3");
    let stack = "      + ! error other Error: boom\n              at bot.js:3\n              at bot.js:9\n";
    assert!(fails("> stack\n< hi").ends_with(stack), "{}", fails("> stack\n< hi"));
    // A beginning of a word is not the word.
    assert!(fails("> rest\n! end-session solv\n! switch-bot orders 5").contains("- ! end-session solv"));
}

#[test]
fn lines_that_mean_nothing_are_refused() {
    let cases = [
        ("< hello", "1: nothing has happened yet"),
        ("> hi\nhello", "2: the line has no mark"),
        (">hi", "1: a space belongs after `>`"),
        ("> hi\n< a [b", "2: `]` is missing"),
        ("> hi\n< a [b] c", "2: text comes before"),
        ("> hi [there]", "1: a user taps"),
        ("> a \\x", "1: after `\\` comes"),
        ("> a \\", "1: after `\\` comes"),
        ("~ 5 parsecs", "1: `5 parsecs` is no time"),
        ("~", "1: `` is no time"),
        ("> hi\n= awaiting", "2: `= awaiting` is nothing"),
        ("> hi\n= step", "2: the step's name is missing"),
        ("> hi\n= state {a}", "2: `{a}` is no JSON"),
        ("> hi\n= timer late soon", "2: `soon` is no time"),
        ("> hi\n= session two", "2: `two` is no number"),
        (">> hi", "1: `>>` goes on"),
        ("> hi\n< you said hi\n>> more", "3: `>>` goes on"),
        ("> {...}", "1: a user says just one thing"),
        ("> hi\n!", "2: an effect is missing"),
        ("> hi\n! atribute plan=gold", "2: `atribute` is no effect"),
        ("@", "1: what happens is missing"),
    ];
    for (text, expected) in cases {
        let mistake = transcript::parse(text).expect_err(text)[0].to_string();
        assert!(mistake.starts_with(expected), "{text:?}: {mistake}");
    }
}

#[test]
fn what_cannot_happen_is_refused() {
    let cases = [
        ("@ brace 429", "1: `@ brace` is nothing that can happen"),
        ("@ braze 200", "1: `200` is nothing that Braze could do wrong"),
        ("@ braze 400 often", "1: `often` does not say how often"),
        ("@ braze 400 x0", "1: `x0` does not say how often"),
        ("@ http shop GET", "1: a connection, a method and a path"),
        ("@ http GET shop /orders 200", "1: `shop` is no HTTP method"),
        ("@ http shop GET /orders after soon 200", "1: `soon` is no time"),
        ("@ http shop GET /orders ok", "1: `ok` is no HTTP status"),
        ("@ user mood=good", "1: nothing of a user is called `mood`"),
        ("@ user phone", "1: `phone` has no value"),
        ("@ flow {", "1: `{` is no JSON"),
        ("@ idle-timeout", "1: `` is no time"),
        ("@ handoff", "1: a handoff is not ``"),
        ("@ handoff taken", "1: a handoff is not `taken`"),
        ("@ desk shut", "1: a desk is not `shut`"),
        ("@ response shop", "1: `` is no HTTP status"),
        ("@ setting hours", "1: `hours` has no value"),
        ("@ field a={b}", "1: `{b}` is no JSON"),
        ("@ external a {b}", "1: `{b}` is no JSON"),
        ("@ session-expired", "1: `` is no time"),
    ];
    for (text, expected) in cases {
        let mistake = run_text::<Parrot>("a.chat", text).expect_err(text);
        assert!(mistake.starts_with(&format!("a.chat:{expected}")), "{text:?}: {mistake}");
    }
}

#[test]
fn a_mistake_is_shown_with_a_caret_and_a_fix() {
    let shown = |text: &str| run_text::<Parrot>("a.chat", text).expect_err("it has a mistake");
    assert_eq!(
        shown("> hi\n< you said hi\n  @ field  näme={b}"),
        "a.chat:3: `{b}` is no JSON: key must be a string at line 1 column 2\n\n\
         \x20   3   @ field  näme={b}\n\
         \x20                     ^^^\n\
         \x20 fix   text has quotes around it, the names of an object too\n"
    );
    assert!(shown("~").ends_with("    1   ~\n         ^\n  fix   write e.g. `~ 25h`, `~ 90s` or `~ 1h30m`\n"));
}

#[test]
fn what_is_said_reads_back_as_it_was_written() {
    let said = "one\\ntwo \\[three\\] \\{four\\} \\\\ {image/png https://x.example/a} [A \\[b\\]] [C]";
    let read = said::said(said).ok().expect("it is well formed");
    assert_eq!(read.to_string(), said);
    assert_eq!(read.text, "one\ntwo [three] {four} \\");
    assert_eq!(read.choices, ["A [b]", "C"]);
    assert!(said::expected(said).ok().is_some_and(|expected| expected.meets(&read)));
}
