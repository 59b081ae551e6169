//! A support bot: a menu by buttons, order status asked in two steps, and an agent whenever the user wants one.
//!
//! Its conversations are in `tests/`; they are the best description of what it does.

mod intent;
mod order;

use serde::{Deserialize, Serialize};
use turnwise_plugin::{DeliveryFailure, DeskStatus, HandoffUpdate, Message, Plugin, Result, Turn, warn};

use crate::intent::Intent;

/// Wrong answers to one question before an agent is offered.
const TRIES_MAX: u8 = 3;
/// A longer first name is not one.
const NAME_CHARS_MAX: usize = 30;

/// Where the conversation is.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// Nothing was said yet.
    #[default]
    Start,
    Menu,
    AwaitingOrder {
        tries: u8,
    },
    /// A postcode or e-mail address proves that the order is the user's. It is checked and forgotten, never stored.
    AwaitingProof {
        order: String,
        tries: u8,
    },
    AwaitingAgent,
}

struct Menu;

impl Plugin for Menu {
    type State = Step;

    const STEPS: &'static [&'static str] = &["menu", "awaiting-order", "awaiting-proof", "awaiting-agent"];
    // The words "agent", "menu", "help" and "stop" are understood here, so that their answers fit the rest.
    const HANDLES: &'static [&'static str] = &["commands"];

    fn on_message(turn: &mut Turn<Step>, message: &Message) -> Result {
        let first = matches!(turn.state, Step::Start);
        if first {
            turn.increment_attribute("support_contact_count", 1);
        }
        if message.is_wordless() {
            wordless(turn);
            return Ok(());
        }
        match (Intent::of(message), &turn.state) {
            (Some(Intent::Menu), _) => show_menu(turn, "What can I do for you?"),
            (Some(Intent::Agent), _) => call_agent(turn),
            (Some(Intent::Stop), _) => end(turn, "Okay. Write any time if you need me.", "stopped"),
            (Some(Intent::Done), _) => end(turn, "Glad to help. Have a good day!", "solved"),
            (Some(Intent::Order), Step::Start | Step::Menu) => ask_order(turn),
            (Some(Intent::Hours), Step::Start | Step::Menu) => say_hours(turn)?,
            // Elsewhere these are topics only when their button is tapped: a typed answer may contain the words.
            (Some(Intent::Order), _) if message.choice.is_some() => ask_order(turn),
            (Some(Intent::Hours), _) if message.choice.is_some() => say_hours(turn)?,
            (_, Step::AwaitingOrder { tries }) => take_order(turn, message, *tries),
            (_, Step::AwaitingProof { .. }) => take_proof(turn, message),
            (_, Step::AwaitingAgent) => {
                turn.reply("A colleague will be with you soon. Write \"menu\" to carry on with me instead.");
                turn.step("awaiting-agent");
            }
            (_, Step::Start | Step::Menu) => match order::find_number(&message.text) {
                Some(order) => ask_proof(turn, order),
                None if first => greet(turn),
                None => show_menu(turn, "Sorry, I didn't get that. What can I do for you?"),
            },
        }
        Ok(())
    }

    fn on_handoff(turn: &mut Turn<Step>, update: &HandoffUpdate) -> Result {
        match update {
            HandoffUpdate::Failed(_) => {
                show_menu(turn, "Sorry, nobody is free right now. You can try again later, or see if I can help:");
            }
            // The agent speaks now.
            HandoffUpdate::Accepted(_) => turn.state = Step::AwaitingAgent,
            HandoffUpdate::Returned(_) => show_menu(turn, "It's me again, the bot. Anything else I can do?"),
        }
        Ok(())
    }

    fn on_delivery_failed(_turn: &mut Turn<Step>, failure: &DeliveryFailure) -> Result {
        // Saying it again could say it twice, and whatever kept it from arriving would keep this from arriving.
        let doubt = if failure.ambiguous { " (it may have arrived all the same)" } else { "" };
        warn!("what turn {} said was not delivered{doubt}: {}", failure.turn, failure.reason);
        Ok(())
    }
}

turnwise_plugin::export!(Menu);

fn greet(turn: &mut Turn<Step>) {
    // A name of another type or an odd one is no reason not to answer.
    let name = turn.field::<String>("first_name").ok().flatten().unwrap_or_default();
    let hello = match name.trim() {
        "" => "Hi!".to_owned(),
        name if name.chars().count() > NAME_CHARS_MAX || !name.chars().all(|char| char.is_alphabetic()) => {
            "Hi!".to_owned()
        }
        name => format!("Hi {name}!"),
    };
    show_menu(turn, &format!("{hello} I can look up an order or tell you when we're open."));
}

fn show_menu(turn: &mut Turn<Step>, text: &str) {
    turn.state = Step::Menu;
    turn.step("menu");
    turn.reply(text)
        .choice("order", "Order status")
        .choice("hours", "Opening hours")
        .choice("agent", "Talk to an agent");
}

fn wordless(turn: &mut Turn<Step>) {
    match turn.state {
        Step::AwaitingOrder { .. } => {
            turn.reply("I can't open attachments. Could you type the order number?").choice("menu", "Menu");
        }
        Step::AwaitingProof { .. } => {
            turn.reply("I can't open attachments. Could you type the postcode or e-mail?").choice("menu", "Menu");
        }
        // What a user sends while they wait is for the agent.
        Step::AwaitingAgent => {}
        Step::Start | Step::Menu => show_menu(turn, "I can only read text, sorry. What can I do for you?"),
    }
}

fn say_hours(turn: &mut Turn<Step>) -> Result {
    turn.set_attribute("last_intent", "opening_hours");
    let hours = turn.setting::<String>("opening_hours")?.unwrap_or_else(|| "Monday to Friday, 9 to 5".to_owned());
    let now = match turn.desk() {
        DeskStatus::Open => " We're here right now.",
        DeskStatus::Closed(_) => " We're closed at the moment.",
        DeskStatus::None => "",
    };
    show_menu(turn, &format!("Our team is here {hours}.{now} Anything else?"));
    Ok(())
}

fn ask_order(turn: &mut Turn<Step>) {
    turn.set_attribute("last_intent", "order_status");
    turn.state = Step::AwaitingOrder { tries: 0 };
    turn.step("awaiting-order");
    turn.reply("What's your order number? It's in your confirmation e-mail and looks like A-12345.")
        .choice("menu", "Menu");
}

fn take_order(turn: &mut Turn<Step>, message: &Message, tries: u8) {
    if let Some(order) = order::find_number(&message.text) {
        return ask_proof(turn, order);
    }
    turn.step("awaiting-order");
    if tries + 1 < TRIES_MAX {
        turn.state = Step::AwaitingOrder { tries: tries + 1 };
        let text = match tries {
            0 => "Hmm, that doesn't look like an order number. It's like A-12345, or 5 to 8 digits.",
            _ => "That one doesn't work either. Could you copy it from your confirmation e-mail?",
        };
        turn.reply(text).choice("menu", "Menu");
    } else {
        turn.state = Step::AwaitingOrder { tries: 0 };
        offer_agent(turn, "I still can't find an order number in that. Shall I get a colleague?");
    }
}

fn ask_proof(turn: &mut Turn<Step>, order: String) {
    turn.set_attribute("last_intent", "order_status");
    turn.step("awaiting-proof");
    turn.reply(format!("Thanks. And the postcode or e-mail address of order {order}?")).choice("menu", "Menu");
    turn.state = Step::AwaitingProof { order, tries: 0 };
}

fn take_proof(turn: &mut Turn<Step>, message: &Message) {
    let Step::AwaitingProof { order, tries } = &mut turn.state else { return };
    if order::is_proof(&message.text) {
        // A shop with an order system would ask it here: `turn.request("shop", …)`, and answer in `on_response`.
        let (order, status) = (order.clone(), order::status(order));
        turn.set_attribute("last_order_number", &order);
        turn.state = Step::Menu;
        turn.step("menu");
        turn.reply(format!("Order {order} {status}."))
            .choice("order", "Another order")
            .choice("agent", "Talk to an agent")
            .choice("done", "That's all");
        return;
    }
    *tries += 1;
    let given_up = *tries >= TRIES_MAX;
    if given_up {
        *tries = 0;
    }
    turn.step("awaiting-proof");
    if given_up {
        offer_agent(turn, "I can't check the order with that, sorry. Shall I get a colleague?");
    } else {
        turn.reply("I need the postcode it's sent to, or the e-mail address you ordered with.").choice("menu", "Menu");
    }
}

fn offer_agent(turn: &mut Turn<Step>, text: &str) {
    turn.reply(text).choice("agent", "Talk to an agent").choice("order", "Try again").choice("menu", "Menu");
}

fn call_agent(turn: &mut Turn<Step>) {
    turn.set_attribute("last_intent", "agent");
    let summary = match &turn.state {
        Step::AwaitingOrder { .. } => "Asked for an agent while giving an order number".to_owned(),
        Step::AwaitingProof { order, .. } => format!("Asked for an agent about order {order}, not verified yet"),
        Step::Start | Step::Menu | Step::AwaitingAgent => "Asked for an agent".to_owned(),
    };
    turn.state = Step::AwaitingAgent;
    turn.step("awaiting-agent");
    turn.handoff("asked").summary(summary).notice("One moment, I'm getting a colleague for you.");
}

fn end(turn: &mut Turn<Step>, text: &str, outcome: &str) {
    turn.reply(text);
    turn.state = Step::Start;
    turn.end_session(outcome);
}

#[test]
fn transcripts() {
    turnwise_plugin::testing::run_folder::<Menu>("tests");
}
