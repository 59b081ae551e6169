//! Order status from a shop's own system: what `plugins/menu` makes up, this bot asks.
//!
//! It shows what takes longer than a turn: a request to another system, a timer that looks again for the user, and a
//! session that ends and is taken up again. `tests/two-days.chat` is all of it in one conversation.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use turnwise_plugin::{
    HttpResponse, Message, NamedJson, Plugin, Response, Result, TimerFired, Turn, WhileWaiting, warn,
};

/// The connection to the shop, in the configuration `[connections.shop]`, granted by `[plugins.orders] connections = ["shop"]`.
const SHOP: &str = "shop";
/// The request's id tells its answer apart: the user waits for this one…
const ASKED: &str = "asked";
/// …and the timer asked for this one.
const LOOKED_AGAIN: &str = "looked-again";
/// WhatsApp lets a bot write for 24 hours after the user's last message, so later would be too late.
const REMINDER_AFTER: Duration = Duration::from_hours(20);

/// The order that the conversation is about. It outlives the session, so that nobody types it twice.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    order: Option<String>,
}

/// What the shop says of an order.
#[derive(Deserialize)]
struct Order {
    status: String,
    expected: Option<String>,
}

struct Orders;

impl Plugin for Orders {
    type State = State;

    const STEPS: &'static [&'static str] = &["awaiting-order", "asking", "answered", "reminding"];
    const CONNECTIONS: &'static [&'static str] = &[SHOP];

    fn on_message(turn: &mut Turn<State>, message: &Message) -> Result {
        match (message.choice.as_deref(), number(&message.text), turn.state.order.clone()) {
            (_, Some(order), _) => ask_shop(turn, order),
            (Some("again"), _, Some(order)) => ask_shop(turn, order),
            (Some("remind"), _, Some(order)) => {
                turn.start_timer("reminder", REMINDER_AFTER).payload(&order);
                turn.reply(format!("I'll look again tomorrow and tell you where {order} is."))
                    .choice("no", "No, don't");
                turn.step("reminding");
            }
            (Some("no"), ..) => {
                turn.cancel_timer("reminder");
                turn.reply("All right, I won't.").choice("other", "Another order").choice("done", "That's all");
                turn.step("answered");
            }
            (Some("done"), ..) => {
                turn.state.order = None;
                turn.reply("You're welcome!");
                turn.end_session("solved");
            }
            (None, _, Some(order)) => {
                turn.reply(format!("Is it about order {order}?"))
                    .choice("again", "Yes")
                    .choice("other", "Another order");
                turn.step("answered");
            }
            _ => {
                turn.reply("What's the order number? It looks like A-12345.");
                turn.step("awaiting-order");
            }
        }
        Ok(())
    }

    fn on_response(turn: &mut Turn<State>, response: &Response) -> Result {
        let Some(order) = turn.state.order.clone() else { return Ok(()) };
        let found = match &response.outcome {
            Ok(answer) if answer.status == 404 => {
                turn.state.order = None;
                turn.reply(format!("The shop knows no order {order}. Is the number right? It looks like A-12345."));
                turn.step("awaiting-order");
                return Ok(());
            }
            Ok(answer) => read(answer),
            // Written with its name, never with what the user typed.
            Err(error) => Err(format!("{error:?}")),
        };
        match (found, response.id.as_str()) {
            (Ok(Order { status, expected }), _) => {
                let expected = expected.map_or_else(String::new, |day| format!(" and should arrive on {day}"));
                turn.set_attribute("last_order_status", &status);
                turn.reply(format!("Order {order} is {status}{expected}."))
                    .choice("remind", "Remind me")
                    .choice("other", "Another order")
                    .choice("done", "That's all");
                turn.step("answered");
            }
            // Nobody waits for an answer that the timer asked for: silence is better than a message about a fault.
            (Err(why), LOOKED_AGAIN) => warn!("no reminder: {why}"),
            (Err(why), _) => {
                warn!("the shop did not answer: {why}");
                turn.reply("I can't reach the shop right now, sorry.")
                    .choice("again", "Try again")
                    .choice("other", "Another order");
                turn.step("answered");
            }
        }
        Ok(())
    }

    fn on_timer(turn: &mut Turn<State>, timer: &TimerFired) -> Result {
        // The conversation may have gone on to another order meanwhile; the reminder is about this one.
        turn.state.order = Some(timer.read()?);
        request(turn, LOOKED_AGAIN);
        Ok(())
    }

    fn on_external(turn: &mut Turn<State>, event: &NamedJson) -> Result {
        if event.name == "order-shipped" {
            let order: String = event.read()?;
            turn.cancel_timer("reminder");
            turn.reply(format!("Good news: order {order} has left our warehouse.")).choice("again", "Where is it?");
            turn.state.order = Some(order);
        }
        Ok(())
    }

    // The order stays, which is what the next session begins with.
    fn on_session_expired(_: &mut Turn<State>, _idle_seconds: u32) -> Result {
        Ok(())
    }
}

turnwise_plugin::export!(Orders);

fn ask_shop(turn: &mut Turn<State>, order: String) {
    turn.state.order = Some(order);
    turn.step("asking");
    request(turn, ASKED);
}

/// While the answer is awaited, messages wait too: whoever types "hello?" is not asked for the number again.
fn request(turn: &mut Turn<State>, id: &str) {
    let Some(order) = &turn.state.order else { return };
    let path = format!("/orders/{order}");
    turn.request(SHOP, path).id(id).timeout_seconds(5).while_waiting(WhileWaiting::Hold);
}

fn read(answer: &HttpResponse) -> Result<Order, String> {
    match answer.is_success() {
        true => answer.read().map_err(|error| error.to_string()),
        false => Err(format!("status {}", answer.status)),
    }
}

/// What people put around a number.
const SENTENCE_MARKS: [char; 10] = ['.', ',', ';', ':', '!', '?', '"', '\'', '(', ')'];

/// The order number in a text: a letter, a dash and five digits. It goes into a path, so nothing else may be in it.
fn number(text: &str) -> Option<String> {
    let word = |word: &str| {
        let word = word.trim_matches(SENTENCE_MARKS).to_ascii_uppercase();
        let (letter, digits) = word.split_once('-')?;
        let fits = letter.len() == 1 && digits.len() == 5 && letter.bytes().all(|byte| byte.is_ascii_uppercase());
        (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(word)
    };
    text.split_whitespace().find_map(word)
}

#[test]
fn transcripts() {
    turnwise_plugin::testing::run_folder::<Orders>("tests");
}
