//! Time, sessions, connections and everybody else around a bot.

use super::*;

/// Keeps what it is told, and nothing else: its sessions end as the host ends them.
struct Keeper;

impl Plugin for Keeper {
    type State = std::collections::BTreeMap<String, String>;

    fn on_message(turn: &mut Turn<Self::State>, message: &Message) -> Result {
        if let Some(flow) = &message.flow_response {
            turn.reply(format!("filled in {flow}"));
        } else if let Some((name, value)) = message.text.split_once('=') {
            turn.state.insert(name.to_owned(), value.to_owned());
        }
        Ok(())
    }
}

#[test]
fn what_may_differ_is_left_open() {
    run::<Parrot>(
        "> hello there\n< you {said|wrote} hello {word}\n> choices\n< {...} [...]\n> choices\n< pick [First {word}] [...]\n\
         > media\n< see {image/png} [{...}]\n> timers\n! timer late {number}h {...}\n! timer {soon|late}\n",
    );
    run::<Parrot>("> rest\n! event seen {\"n\":\"{number}\"}\n! switch-bot {word} 5\n! end-session {done|solved}");
    run::<Parrot>("> attributes\n! attribute plan={gold|silver}\n! attribute size={...}\n! attribute visits+={number}");
    run::<Parrot>("> agent\n! handoff asked\n< One {...}\n= step with-{word}");
    let fails = |text: &str| run_text::<Parrot>("a.chat", text).expect_err("it differs");
    assert!(fails("> hello\n< you said {number}").contains("    2 - < you said {number}\n      + < you said hello\n"));
    assert!(fails("> choices\n< pick").contains("+ < pick [First one] [Second]"));
    assert!(fails("> choices\n< pick [Second] [...]").contains("- < pick [Second] [...]"));
    assert!(fails("> rest\n! event seen {\"n\":\"{word}x\"}\n! switch-bot\n! end-session").contains("- ! event seen"));
}

#[test]
fn state_timers_and_sessions_can_be_claimed() {
    run::<Parrot>(
        "> timers\n= state {\"count\":1}\n= state {\"count\":\"{number}\",\"tag\":null}\n= timers dropped, late, soon\n\
         = timer late 2h\n= timer late\n= timer soon 2s\n= session 1\n~ 1h\n= timer late 1h\n= timers late\n< {...}\n< {...}\n\
         > cancel\n= timers none\n> clear\n= state none\n",
    );
    let fails = |text: &str| run_text::<Parrot>("a.chat", text).expect_err("it is not so");
    assert!(
        fails("> hi\n< {...}\n= state {\"count\":2}")
            .contains("- = state {\"count\":2}\n      + = state {\"count\":1,")
    );
    assert!(fails("> hi\n< {...}\n= state none").contains("    3 - = state none\n      + = state {"));
    let late = fails("> timers\n= timer late 3h");
    assert!(late.contains("    2 - = timer late 3h\n") && late.contains("      + = timer late 2h\n"), "{late}");
    assert!(fails("> timers\n= timer soon 1s").contains("+ = timer soon 2s\n"));
    assert!(fails("> timers\n= timer lost").contains("- = timer lost\n      + = timers dropped, late, soon\n"));
    assert!(fails("> hi\n< {...}\n= session 2").contains("+ = session 1\n"));
}

#[test]
fn a_session_expires_by_itself_and_the_next_one_begins_with_what_is_carried_over() {
    run::<Keeper>(
        "@ carry-over language\n> language=de\n> order=7\n~ 23h\n= session 1\n= state {\"order\":\"7\"}\n\
         ~ 1h\n= state {\"language\":\"de\"}\n~ 30d\n= session 1\n> order=8\n= session 2\n",
    );
    // A shorter timeout, and what it finds is gone where nothing is carried over.
    run::<Keeper>("@ idle-timeout 30m\n> order=7\n~ 30m\n= state none\n> order=8\n= session 2");
    // The way it was always written stays.
    run::<Keeper>("> order=7\n@ session-expired 24h\n= state none\n~ 2d\n> order=8\n= session 2");
    // Whoever waits for an answer does not idle.
    run::<Parrot>(
        "@ http shop GET /slow after 10s 200 1\n> hold\n~ 1d\n< shop 200 1\n= session 1\n~ 1d\n"
            .replace("! event\n", "")
            .as_str(),
    );
}

#[test]
fn timers_follow_the_hosts_rules() {
    run::<Parrot>(
        "> 11 timers\n> 11 timers\n> 11 timers\n! refused effects[10] (start-timer): 33 timers would be pending; 32 are allowed\n> at once\n= timer 1-0 6s\n",
    );
    run::<Parrot>("> at once\n= timer now 1s\n~ 999ms\n~ 1ms\n< now None");
}

#[test]
fn requests_are_answered_from_the_script_in_turns_of_their_own() {
    run::<Parrot>(
        "@ http shop GET /orders/{number}{...} 200 1\n@ http bank GET /balance 503 2\n> two requests\n! request one\n\
         ! request two GET bank/balance\n< one 200 1\n< two 503 2\n\
         @ http shop GET /slow timeout\n> hold\n< shop RequestError::Timeout\n\
         @ http shop GET /slow unreachable no route\n> hold\n< shop RequestError::Unreachable(\"no route\")\n\
         @ http shop GET /slow x2 200 3\n> hold\n< shop 200 3\n> hold\n< shop 200 3\n",
    );
    // What takes longer than the request's own timeout never comes.
    run::<Parrot>("@ http shop GET /slow after 40s 200 1\n> hold\n~ 29s\n~ 1s\n< shop RequestError::Timeout");
}

#[test]
fn a_request_that_nothing_answers_is_named() {
    let fails = |text: &str| run_text::<Parrot>("a.chat", text).expect_err("nothing answers");
    assert_eq!(
        fails("@ http shop GET /slow 200 1\n> hold\n< shop 200 1\n> hold\n"),
        "a.chat:4: nothing answers the bot's request `shop`\n\n\
         \x20   4   > hold\n\
         \x20     + ! request shop GET shop/slow\n\
         \x20 fix   before line 4, write e.g. `@ http shop GET /slow 200 BODY`;\n\
         \x20       to answer it later, `@ response shop 200 BODY` below\n"
    );
    // Another method, another path and another connection are other requests.
    for script in ["@ http shop POST /slow 200 1", "@ http shop GET /slower 200 1", "@ http bank GET /slow 200 1"] {
        assert!(fails(&format!("{script}\n> hold")).contains("nothing answers"), "{script}");
    }
}

#[test]
fn while_a_request_is_under_way_a_message_is_delivered_held_or_gives_it_up() {
    run::<Parrot>(
        "@ http shop GET orders/{...} after 5s 200 1\n@ http bank GET /balance after 3s 200 2\n> two requests\n\
         > hi\n< you said hi\n~ 10s\n< two 200 2\n< one 200 1\n",
    );
    run::<Parrot>(
        "@ http shop GET /slow after 5s 200 1\n> hold\n> hi\n> count\n~ 10s\n< shop 200 1\n< you said hi\n< 3\n> hi\n< you said hi",
    );
    run::<Parrot>("@ http shop GET /slow after 5s 200 1\n> cancel request\n> hi\n< you said hi\n~ 10s\n");
    run::<Parrot>("> cancel request\n> hi\n< you said hi\n@ response shop 200 1\n");
    run::<Parrot>("> hold\n> hi\n@ response shop 200 1\n< shop 200 1\n< you said hi\n");
}

#[test]
fn turns_that_lead_to_one_another_without_end_are_stopped() {
    run::<Parrot>("@ http shop GET /loop x99 200 1\n> loop\n! refused 24 turns in a row led to one another");
}

#[test]
fn what_braze_refuses_the_bot_hears_of_and_what_it_puts_off_it_does_not() {
    run::<Parrot>(
        "@ braze 429 x2\n@ braze 503\n@ braze reset\n> hi\n< you said hi\n\
         @ braze 400\n> hi\n< you said hi\n< reply of 2 failed: Braze refused the request (400)\n> hi\n< you said hi\n\
         @ braze 429\n@ braze 400 x2\n> hi\n< you said hi\n< reply of 5 failed: Braze refused the request (400)\n> hi\n< you said hi\n",
    );
}

#[test]
fn messages_that_come_together_are_one_turn() {
    run::<Parrot>("> one\n>> two\n>> three\n< 3 at once, the last three\n> one\n< you said one");
    // Together they wait, too.
    run::<Parrot>("> hold\n> one\n>> two\n@ response shop 200 1\n< shop 200 1\n< 2 at once, the last two");
}

#[test]
fn another_bot_has_the_conversation_until_it_is_switched_back() {
    run::<Parrot>(
        "> timers\n> rest\n! switch-bot orders 5\n! end-session solved\n= timers none\n> hi\n@ external paid\n~ 3d\n\
         @ switched orders {\"n\":1}\n< from orders with \\{\"n\":1\\}\n> count\n< 3\n",
    );
}

#[test]
fn who_is_talking_can_change() {
    run::<Parrot>("> who\n< Some(\"user-1\") Some(\"+4915550000001\") Some(\"en\") None");
    run::<Parrot>(
        "@ user id=none\n@ user phone=+33600000000\n@ user language=\"fr\"\n@ user name=Zoë\n> who\n\
         < None Some(\"+33600000000\") Some(\"fr\") Some(\"+33600000000\")",
    );
    run::<Keeper>("@ flow {\"date\":\"2026-02-01\"}\n< filled in \\{\"date\":\"2026-02-01\"\\}");
}
