/**
 * A support bot: a menu by buttons, order status asked in two steps, and an agent whenever the user wants one.
 *
 * Its conversations are in `tests/`; they are the best description of what it does.
 */

import { definePlugin, type Message, type Turn } from "turnwise-plugin";

import { intentOf } from "./intent.ts";
import { findNumber, isProof, statusOf } from "./order.ts";
import { trim } from "./text.ts";

/** Wrong answers to one question before an agent is offered. */
const TRIES_MAX = 3;
/** A longer first name is not one. */
const NAME_CHARS_MAX = 30;

/** Where the conversation is. */
type State =
  /** Nothing was said yet. */
  | { at: "start" }
  | { at: "menu" }
  | { at: "awaiting-order"; tries: number }
  /** A postcode or e-mail address proves that the order is the user's. It is checked and forgotten, never stored. */
  | { at: "awaiting-proof"; order: string; tries: number }
  | { at: "awaiting-agent" };

export default definePlugin({
  state: (): State => ({ at: "start" }),
  steps: ["menu", "awaiting-order", "awaiting-proof", "awaiting-agent"],
  // The words "agent", "menu", "help" and "stop" are understood here, so that their answers fit the rest.
  handles: ["commands"],

  onMessage(turn, message) {
    const first = turn.state.at === "start";
    if (first) turn.incrementAttribute("support_contact_count", 1);
    if (message.isWordless()) return wordless(turn);

    const intent = intentOf(message);
    const chatting = turn.state.at === "start" || turn.state.at === "menu";
    // While something was asked, these are topics only when their button is tapped: a typed answer may contain the words.
    const topical = chatting || message.choice !== null;
    if (intent === "menu") return showMenu(turn, "What can I do for you?");
    if (intent === "agent") return callAgent(turn);
    if (intent === "stop") return end(turn, "Okay. Write any time if you need me.", "stopped");
    if (intent === "done") return end(turn, "Glad to help. Have a good day!", "solved");
    if (intent === "order" && topical) return askOrder(turn);
    if (intent === "hours" && topical) return sayHours(turn);

    const { state } = turn;
    switch (state.at) {
      case "awaiting-order":
        return takeOrder(turn, message, state.tries);
      case "awaiting-proof":
        return takeProof(turn, message, state.order, state.tries);
      case "awaiting-agent":
        turn.reply('A colleague will be with you soon. Write "menu" to carry on with me instead.');
        return turn.step("awaiting-agent");
      case "start":
      case "menu": {
        const order = findNumber(message.text);
        if (order) return askProof(turn, order);
        if (first) return greet(turn);
        return showMenu(turn, "Sorry, I didn't get that. What can I do for you?");
      }
    }
  },

  onHandoff(turn, update) {
    switch (update.tag) {
      case "failed":
        return showMenu(turn, "Sorry, nobody is free right now. You can try again later, or see if I can help:");
      case "accepted":
        // The agent speaks now.
        turn.state = { at: "awaiting-agent" };
        return;
      case "returned":
        return showMenu(turn, "It's me again, the bot. Anything else I can do?");
    }
  },

  onDeliveryFailed(_turn, failure) {
    // Saying it again could say it twice, and whatever kept it from arriving would keep this from arriving.
    const doubt = failure.ambiguous ? " (it may have arrived all the same)" : "";
    console.warn(`what turn ${failure.turn} said was not delivered${doubt}: ${failure.reason}`);
  },
});

function greet(turn: Turn<State>): void {
  // A name of another type or an odd one is no reason not to answer.
  const field = turn.field("first_name");
  const name = typeof field === "string" ? trim(field) : "";
  const fitting = [...name].length <= NAME_CHARS_MAX && /^\p{Alphabetic}+$/u.test(name);
  showMenu(turn, `${fitting ? `Hi ${name}!` : "Hi!"} I can look up an order or tell you when we're open.`);
}

function showMenu(turn: Turn<State>, text: string): void {
  turn.state = { at: "menu" };
  turn.step("menu");
  turn.reply(text)
    .choice("order", "Order status")
    .choice("hours", "Opening hours")
    .choice("agent", "Talk to an agent");
}

function wordless(turn: Turn<State>): void {
  switch (turn.state.at) {
    case "awaiting-order":
      turn.reply("I can't open attachments. Could you type the order number?").choice("menu", "Menu");
      return;
    case "awaiting-proof":
      turn.reply("I can't open attachments. Could you type the postcode or e-mail?").choice("menu", "Menu");
      return;
    case "awaiting-agent":
      // What a user sends while they wait is for the agent.
      return;
    case "start":
    case "menu":
      return showMenu(turn, "I can only read text, sorry. What can I do for you?");
  }
}

function sayHours(turn: Turn<State>): void {
  turn.setAttribute("last_intent", "opening_hours");
  const hours = turn.setting("opening_hours", "Monday to Friday, 9 to 5");
  const now = { open: " We're here right now.", closed: " We're closed at the moment.", none: "" }[turn.desk.tag];
  showMenu(turn, `Our team is here ${hours}.${now} Anything else?`);
}

function askOrder(turn: Turn<State>): void {
  turn.setAttribute("last_intent", "order_status");
  turn.state = { at: "awaiting-order", tries: 0 };
  turn.step("awaiting-order");
  turn.reply("What's your order number? It's in your confirmation e-mail and looks like A-12345.").choice("menu", "Menu");
}

function takeOrder(turn: Turn<State>, message: Message, tries: number): void {
  const order = findNumber(message.text);
  if (order) return askProof(turn, order);
  turn.step("awaiting-order");
  if (tries + 1 < TRIES_MAX) {
    turn.state = { at: "awaiting-order", tries: tries + 1 };
    const text = tries === 0
      ? "Hmm, that doesn't look like an order number. It's like A-12345, or 5 to 8 digits."
      : "That one doesn't work either. Could you copy it from your confirmation e-mail?";
    turn.reply(text).choice("menu", "Menu");
  } else {
    turn.state = { at: "awaiting-order", tries: 0 };
    offerAgent(turn, "I still can't find an order number in that. Shall I get a colleague?");
  }
}

function askProof(turn: Turn<State>, order: string): void {
  turn.setAttribute("last_intent", "order_status");
  turn.step("awaiting-proof");
  turn.reply(`Thanks. And the postcode or e-mail address of order ${order}?`).choice("menu", "Menu");
  turn.state = { at: "awaiting-proof", order, tries: 0 };
}

function takeProof(turn: Turn<State>, message: Message, order: string, tries: number): void {
  if (isProof(message.text)) {
    // A shop with an order system would ask it here: `turn.request("shop", …)`, and answer in `onResponse`.
    turn.setAttribute("last_order_number", order);
    turn.state = { at: "menu" };
    turn.step("menu");
    turn.reply(`Order ${order} ${statusOf(order)}.`)
      .choice("order", "Another order")
      .choice("agent", "Talk to an agent")
      .choice("done", "That's all");
    return;
  }
  const givenUp = tries + 1 >= TRIES_MAX;
  turn.state = { at: "awaiting-proof", order, tries: givenUp ? 0 : tries + 1 };
  turn.step("awaiting-proof");
  if (givenUp) offerAgent(turn, "I can't check the order with that, sorry. Shall I get a colleague?");
  else turn.reply("I need the postcode it's sent to, or the e-mail address you ordered with.").choice("menu", "Menu");
}

function offerAgent(turn: Turn<State>, text: string): void {
  turn.reply(text).choice("agent", "Talk to an agent").choice("order", "Try again").choice("menu", "Menu");
}

function callAgent(turn: Turn<State>): void {
  turn.setAttribute("last_intent", "agent");
  const summary = summaryOf(turn.state);
  turn.state = { at: "awaiting-agent" };
  turn.step("awaiting-agent");
  turn.handoff("asked").summary(summary).notice("One moment, I'm getting a colleague for you.");
}

function summaryOf(state: State): string {
  switch (state.at) {
    case "awaiting-order":
      return "Asked for an agent while giving an order number";
    case "awaiting-proof":
      return `Asked for an agent about order ${state.order}, not verified yet`;
    default:
      return "Asked for an agent";
  }
}

function end(turn: Turn<State>, text: string, outcome: string): void {
  turn.reply(text);
  turn.state = { at: "start" };
  turn.endSession(outcome);
}
