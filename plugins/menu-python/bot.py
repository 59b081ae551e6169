"""A support bot: a menu by buttons, order status asked in two steps, and an agent whenever the user wants one.

Its conversations are in `tests/`; they are the best description of what it does.
"""

from dataclasses import dataclass, field

from turnwise_plugin import (
    BadValue,
    DeliveryFailure,
    DeskStatus,
    HandoffAccepted,
    HandoffFailed,
    HandoffReturned,
    HandoffUpdate,
    Message,
    Plugin,
    Turn,
    log,
)

import intent
import order
from intent import Intent

# Wrong answers to one question before an agent is offered.
TRIES_MAX = 3
# A longer first name is not one.
NAME_CHARS_MAX = 30


@dataclass
class Start:
    """Nothing was said yet."""


@dataclass
class Menu:
    """The buttons were shown."""


@dataclass
class AwaitingOrder:
    """An order number was asked for."""

    tries: int = 0


@dataclass
class AwaitingProof:
    """A postcode or e-mail address proves that the order is the user's. It is checked and forgotten, never stored."""

    order: str
    tries: int = 0


@dataclass
class AwaitingAgent:
    """An agent was asked for, or has taken over."""


@dataclass
class State:
    """Where the conversation is."""

    step: Start | Menu | AwaitingOrder | AwaitingProof | AwaitingAgent = field(default_factory=Start)


plugin = Plugin(
    State,
    steps=["menu", "awaiting-order", "awaiting-proof", "awaiting-agent"],
    # The words "agent", "menu", "help" and "stop" are understood here, so that their answers fit the rest.
    handles=["commands"],
)


@plugin.on_message
def answer(turn: Turn[State], message: Message) -> None:
    step = turn.state.step
    first = isinstance(step, Start)
    if first:
        turn.increment_attribute("support_contact_count", 1)
    if message.is_wordless:
        wordless(turn)
        return
    # In the middle of a question these are topics only when their button is tapped: a typed answer may contain the words.
    may_change_topic = message.choice is not None or isinstance(step, Start | Menu)
    match intent.of(message):
        case Intent.MENU:
            show_menu(turn, "What can I do for you?")
        case Intent.AGENT:
            call_agent(turn)
        case Intent.STOP:
            end(turn, "Okay. Write any time if you need me.", "stopped")
        case Intent.DONE:
            end(turn, "Glad to help. Have a good day!", "solved")
        case Intent.ORDER if may_change_topic:
            ask_order(turn)
        case Intent.HOURS if may_change_topic:
            say_hours(turn)
        case _:
            take(turn, message, first)


@plugin.on_handoff
def handoff(turn: Turn[State], update: HandoffUpdate) -> None:
    match update:
        case HandoffFailed():
            show_menu(turn, "Sorry, nobody is free right now. You can try again later, or see if I can help:")
        case HandoffAccepted():
            # The agent speaks now.
            turn.state.step = AwaitingAgent()
        case HandoffReturned():
            show_menu(turn, "It's me again, the bot. Anything else I can do?")


@plugin.on_delivery_failed
def not_delivered(turn: Turn[State], failure: DeliveryFailure) -> None:
    # Saying it again could say it twice, and whatever kept it from arriving would keep this from arriving.
    doubt = " (it may have arrived all the same)" if failure.ambiguous else ""
    log.warn(f"what turn {failure.turn} said was not delivered{doubt}: {failure.reason}")


def take(turn: Turn[State], message: Message, first: bool) -> None:
    """What is no topic of its own is an answer to what was asked."""
    match turn.state.step:
        case AwaitingOrder(tries):
            take_order(turn, message, tries)
        case AwaitingProof() as proof:
            take_proof(turn, message, proof)
        case AwaitingAgent():
            turn.reply('A colleague will be with you soon. Write "menu" to carry on with me instead.')
            turn.step("awaiting-agent")
        case _:
            if number := order.find_number(message.text):
                ask_proof(turn, number)
            elif first:
                greet(turn)
            else:
                show_menu(turn, "Sorry, I didn't get that. What can I do for you?")


def greet(turn: Turn[State]) -> None:
    # A name of another type or an odd one is no reason not to answer.
    try:
        name = turn.field("first_name", str, "").strip()
    except BadValue:
        name = ""
    hello = f"Hi {name}!" if name.isalpha() and len(name) <= NAME_CHARS_MAX else "Hi!"
    show_menu(turn, f"{hello} I can look up an order or tell you when we're open.")


def show_menu(turn: Turn[State], text: str) -> None:
    turn.state.step = Menu()
    turn.step("menu")
    reply = turn.reply(text)
    reply.choice("order", "Order status").choice("hours", "Opening hours").choice("agent", "Talk to an agent")


def wordless(turn: Turn[State]) -> None:
    match turn.state.step:
        case AwaitingOrder():
            turn.reply("I can't open attachments. Could you type the order number?").choice("menu", "Menu")
        case AwaitingProof():
            turn.reply("I can't open attachments. Could you type the postcode or e-mail?").choice("menu", "Menu")
        case AwaitingAgent():
            pass  # What a user sends while they wait is for the agent.
        case _:
            show_menu(turn, "I can only read text, sorry. What can I do for you?")


def say_hours(turn: Turn[State]) -> None:
    turn.set_attribute("last_intent", "opening_hours")
    hours = turn.setting("opening_hours", str, "Monday to Friday, 9 to 5")
    now = {DeskStatus.OPEN: " We're here right now.", DeskStatus.CLOSED: " We're closed at the moment."}
    show_menu(turn, f"Our team is here {hours}.{now.get(turn.desk.status, '')} Anything else?")


def ask_order(turn: Turn[State]) -> None:
    turn.set_attribute("last_intent", "order_status")
    turn.state.step = AwaitingOrder()
    turn.step("awaiting-order")
    reply = turn.reply("What's your order number? It's in your confirmation e-mail and looks like A-12345.")
    reply.choice("menu", "Menu")


def take_order(turn: Turn[State], message: Message, tries: int) -> None:
    if number := order.find_number(message.text):
        ask_proof(turn, number)
        return
    turn.step("awaiting-order")
    if tries + 1 < TRIES_MAX:
        turn.state.step = AwaitingOrder(tries + 1)
        if tries == 0:
            text = "Hmm, that doesn't look like an order number. It's like A-12345, or 5 to 8 digits."
        else:
            text = "That one doesn't work either. Could you copy it from your confirmation e-mail?"
        turn.reply(text).choice("menu", "Menu")
    else:
        turn.state.step = AwaitingOrder()
        offer_agent(turn, "I still can't find an order number in that. Shall I get a colleague?")


def ask_proof(turn: Turn[State], number: str) -> None:
    turn.set_attribute("last_intent", "order_status")
    turn.step("awaiting-proof")
    turn.reply(f"Thanks. And the postcode or e-mail address of order {number}?").choice("menu", "Menu")
    turn.state.step = AwaitingProof(number)


def take_proof(turn: Turn[State], message: Message, proof: AwaitingProof) -> None:
    if order.is_proof(message.text):
        # A shop with an order system would ask it here: `turn.request("shop", …)`, and answer in `on_response`.
        turn.set_attribute("last_order_number", proof.order)
        turn.state.step = Menu()
        turn.step("menu")
        reply = turn.reply(f"Order {proof.order} {order.status(proof.order)}.")
        reply.choice("order", "Another order").choice("agent", "Talk to an agent").choice("done", "That's all")
        return
    proof.tries += 1
    turn.step("awaiting-proof")
    if proof.tries >= TRIES_MAX:
        proof.tries = 0
        offer_agent(turn, "I can't check the order with that, sorry. Shall I get a colleague?")
    else:
        reply = turn.reply("I need the postcode it's sent to, or the e-mail address you ordered with.")
        reply.choice("menu", "Menu")


def offer_agent(turn: Turn[State], text: str) -> None:
    turn.reply(text).choice("agent", "Talk to an agent").choice("order", "Try again").choice("menu", "Menu")


def call_agent(turn: Turn[State]) -> None:
    turn.set_attribute("last_intent", "agent")
    match turn.state.step:
        case AwaitingOrder():
            summary = "Asked for an agent while giving an order number"
        case AwaitingProof(number):
            summary = f"Asked for an agent about order {number}, not verified yet"
        case _:
            summary = "Asked for an agent"
    turn.state.step = AwaitingAgent()
    turn.step("awaiting-agent")
    turn.handoff("asked").summary(summary).notice("One moment, I'm getting a colleague for you.")


def end(turn: Turn[State], text: str, outcome: str) -> None:
    turn.reply(text)
    turn.state.step = Start()
    turn.end_session(outcome)
