/** One turn: what a handler may know, and what it asks for. */

import { Campaign, type Duration, Handoff, named, Reply, Request, Timer, toSeconds } from "./effects.ts";
import type { Context, DeskStatus, NamedJson, Timestamp, User } from "./events.ts";
import { kind, parse } from "./json.ts";
import { Dice } from "./random.ts";
import { integer, text } from "./text.ts";
import type { AttributeChange, Effect } from "./wire.ts";

/** What a turn has collected. For the adapter, which builds the decision, and for nobody else. */
export let collected: (turn: Turn<unknown>) => { effects: Effect[]; step: string | null };

/**
 * One event being handled. Its properties say what there is to know; its methods ask for something to be done, which happens
 * after the turn is committed, in the order it was asked for.
 */
export class Turn<State> {
  /** The conversation's state. What it is when the handler returns is what the next turn sees. */
  state: State;
  /** Everything about this turn but its event. */
  readonly context: Context;

  #dice: Dice | undefined;
  #step: string | null = null;
  readonly #effects: Effect[] = [];

  static {
    collected = (turn) => ({ effects: turn.#effects, step: turn.#step });
  }

  constructor(context: Context, state: State) {
    this.context = context;
    this.state = state;
  }

  /** Who is talking. */
  get user(): User {
    return this.context.user;
  }

  /** When the turn runs. It stands still during the turn, as `Date.now()` does. */
  get now(): Timestamp {
    return this.context.now;
  }

  /** Whether a human could take over now. */
  get desk(): DeskStatus {
    return this.context.desk;
  }

  /**
   * One of the settings in `[plugins.NAME.settings]`; undefined, or the fallback, where it is not there. With a fallback
   * its type is checked: one of another type than the fallback is an error.
   */
  setting(name: string): unknown;
  setting<T>(name: string, fallback: T): Widened<T>;
  setting(name: string, ...fallback: unknown[]): unknown {
    return find(this.context.settings, name, "setting", fallback);
  }

  /** All settings as one object. */
  settings(): Record<string, unknown> {
    return collect(this.context.settings, "setting");
  }

  /**
   * A value the inbound carried beside the message; undefined, or the fallback, where it is not there. With a fallback its
   * type is checked: one of another type than the fallback is an error.
   */
  field(name: string): unknown;
  field<T>(name: string, fallback: T): Widened<T>;
  field(name: string, ...fallback: unknown[]): unknown {
    return find(this.context.fields, name, "field", fallback);
  }

  /** All values the inbound carried beside the message, as one object. */
  fields(): Record<string, unknown> {
    return collect(this.context.fields, "field");
  }

  /**
   * A random whole number below `end`, zero where `end` is zero. It comes from the turn's seed, so a replay draws the same
   * numbers. Not for secrets.
   */
  randomBelow(end: number): number {
    integer(end, 0, 0xffff_ffff, "randomBelow: the end");
    this.#dice ??= new Dice(this.context.seed);
    return this.#dice.below(end);
  }

  /** One of these at random, so that a bot need not always say the same. */
  pick<T>(options: readonly T[]): T {
    if (options.length === 0) throw new RangeError("pick: there is none to pick from");
    return options[this.randomBelow(options.length)] as T;
  }

  /** Names the state-machine state this turn ends in; shown in the console and counted. */
  step(name: string): void {
    this.#step = text(name, "step: the name");
  }

  /** Says something to the user: not empty, at most 4096 characters. */
  reply(words: string): Reply {
    const val = { text: text(words, "reply: the text"), choices: [], media: null, campaign: null, properties: [] };
    this.#effects.push({ tag: "reply", val });
    return new Reply(val);
  }

  /** Triggers another campaign for the user, named as in the configuration. */
  sendCampaign(name: string): Campaign {
    const val = { name: text(name, "sendCampaign: the name"), properties: [] };
    this.#effects.push({ tag: "send-campaign", val });
    return new Campaign(val);
  }

  /** Enters the user into a Canvas, named as in the configuration. */
  sendCanvas(name: string): Campaign {
    const val = { name: text(name, "sendCanvas: the name"), properties: [] };
    this.#effects.push({ tag: "send-canvas", val });
    return new Campaign(val);
  }

  /** Sets a custom attribute of the user's Braze profile: text, number, boolean, array of texts, object. */
  setAttribute(name: string, value: unknown): void {
    this.#attribute({ tag: "set", val: named(name, value, "setAttribute") });
  }

  /** Removes a custom attribute. */
  unsetAttribute(name: string): void {
    this.#attribute({ tag: "unset", val: text(name, "unsetAttribute: the name") });
  }

  /** Adds a whole number to a number. Not tried again where it is unknown whether Braze did it. */
  incrementAttribute(name: string, by: number): void {
    integer(by, -0x8000_0000, 0x7fff_ffff, "incrementAttribute: the number");
    this.#attribute({ tag: "increment", val: [text(name, "incrementAttribute: the name"), by] });
  }

  /** Adds a text to an array of texts. */
  addToAttribute(name: string, value: string): void {
    this.#attribute({ tag: "add", val: [text(name, "addToAttribute: the name"), text(value, "addToAttribute: the text")] });
  }

  /** Removes a text from an array of texts. */
  removeFromAttribute(name: string, value: string): void {
    const val: [string, string] = [text(name, "removeFromAttribute: the name"), text(value, "removeFromAttribute: the text")];
    this.#attribute({ tag: "remove", val });
  }

  /** Records a custom event on the user's Braze profile, with properties such as `{ plan: "gold" }`. */
  trackEvent(name: string, properties: object = {}): void {
    this.#effects.push({ tag: "track-event", val: named(name, properties, "trackEvent") });
  }

  /** Asks to be called again after e.g. `{ minutes: 5 }` (rounded up to seconds). A timer of the same name is replaced. */
  startTimer(name: string, delay: Duration): Timer {
    const val = {
      name: text(name, "startTimer: the name"),
      delay: toSeconds(delay, "startTimer: the delay"),
      payload: "null",
      cancelOnMessage: false,
    };
    this.#effects.push({ tag: "start-timer", val });
    return new Timer(val);
  }

  /** Cancels a timer; one that is not there is fine. */
  cancelTimer(name: string): void {
    this.#effects.push({ tag: "cancel-timer", val: text(name, "cancelTimer: the name") });
  }

  /**
   * Calls another system through a connection of the configuration, with path and query below its base URL. The answer is a
   * later turn's `onResponse`.
   *
   * It is a GET with the connection's name as id and a timeout of ten seconds, unless the builder says otherwise.
   */
  request(connection: string, path: string): Request {
    const val = {
      id: text(connection, "request: the connection"),
      connection: text(connection, "request: the connection"),
      method: "GET",
      path: text(path, "request: the path"),
      headers: [],
      body: null,
      timeout: 10,
      whileWaiting: "deliver" as const,
    };
    this.#effects.push({ tag: "request", val });
    return new Request(val);
  }

  /** Asks for a human to take over; the reason is a word or two, and counted. */
  handoff(reason: string): Handoff {
    const val = {
      reason: text(reason, "handoff: the reason"), summary: "", team: null, priority: "normal" as const, notice: null,
    };
    this.#effects.push({ tag: "handoff", val });
    return new Handoff(val);
  }

  /** Leaves a note that only the agent sees. */
  note(words: string): void {
    this.#effects.push({ tag: "note", val: text(words, "note: the text") });
  }

  /** Passes the conversation to another bot, with a payload for it. */
  switchBot(bot: string, payload: unknown = null): void {
    this.#effects.push({ tag: "switch-bot", val: named(bot, payload, "switchBot") });
  }

  /** Ends the session, with the outcome to count, e.g. "solved". */
  endSession(outcome: string): void {
    this.#effects.push({ tag: "end-session", val: text(outcome, "endSession: the outcome") });
  }

  /** Asks for an effect that this version of the contract has no name for. */
  custom(name: string, value: unknown): void {
    this.#effects.push({ tag: "custom", val: named(name, value, "custom") });
  }

  #attribute(val: AttributeChange): void {
    this.#effects.push({ tag: "change-attribute", val });
  }
}

/** The type of what a literal is an example of. */
export type Widened<T> = T extends string ? string : T extends number ? number : T extends boolean ? boolean : T;

function find(values: readonly NamedJson[], name: string, what: string, fallback: unknown[]): unknown {
  const found = values.find((value) => value.name === name);
  if (!found) return fallback[0];
  const value = parse(found.value, `${what}: ${name}`);
  if (fallback.length > 0 && kind(value) !== kind(fallback[0])) {
    throw new Error(`${what}: ${name}: invalid type: ${described(value)}, expected ${article(kind(fallback[0]))}`);
  }
  return value;
}

/** A value for an error: without what it says where that could be a user's words. */
function described(value: unknown): string {
  if (typeof value === "number") return `${Number.isInteger(value) ? "integer" : "number"} \`${value}\``;
  return typeof value === "boolean" ? `boolean \`${value}\`` : kind(value);
}

function article(noun: string): string {
  if (noun === "null") return noun;
  return /^[ao]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function collect(values: readonly NamedJson[], what: string): Record<string, unknown> {
  return Object.fromEntries(values.map(({ name, value }) => [name, parse(value, `${what}: ${name}`)]));
}
