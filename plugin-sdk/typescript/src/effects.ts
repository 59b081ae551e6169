/** Builders that say more about an effect. Each effect is asked for at once; a builder only adds to it. */

import { stringify } from "./json.ts";
import { integer, text } from "./text.ts";
import type { NamedValue, Priority, WhileWaiting, WireCampaign, WireHandoff, WireReply, WireRequest, WireTimer } from "./wire.ts";

/** A span of time, e.g. `{ minutes: 5 }`; the parts are added. */
export interface Duration {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

/** Whole seconds, rounded up. As many as a 32-bit integer holds: 68 years. */
export function toSeconds({ days = 0, hours = 0, minutes = 0, seconds = 0 }: Duration, what: string): number {
  const sum = Math.ceil(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
  if (!(sum >= 0)) throw new RangeError(`${what} must not be negative, and of numbers`);
  return Math.min(sum, SECONDS_MAX);
}

/** The engine reads 32-bit integers as signed ones. */
export const SECONDS_MAX = 0x7fff_ffff;

/** A name with its value as JSON text. */
export function named(name: string, value: unknown, what: string): NamedValue {
  return { name: text(name, `${what}: the name`), value: stringify(value, `${what} ${name}`) };
}

/** Says more about a reply. */
export class Reply {
  readonly #reply: WireReply;

  constructor(reply: WireReply) {
    this.#reply = reply;
  }

  /**
   * Offers something to tap: up to 3 become buttons (titles of at most 20 characters), up to 10 a list (24). Only a list
   * shows a description, a second line of at most 72 characters.
   */
  choice(id: string, title: string, description?: string): this {
    this.#reply.choices.push({
      id: text(id, "choice: the id"),
      title: text(title, "choice: the title"),
      description: description === undefined ? null : text(description, "choice: the description"),
    });
    return this;
  }

  /** Attaches a file, e.g. of type "image/jpeg". */
  media(url: string, mimeType?: string): this {
    this.#reply.media = {
      url: text(url, "media: the URL"),
      mimeType: mimeType === undefined ? null : text(mimeType, "media: the type"),
    };
    return this;
  }

  /** Sends it through this campaign of the configuration instead of the source's reply campaign. */
  campaign(name: string): this {
    this.#reply.campaign = text(name, "campaign: the name");
    return this;
  }

  /** Adds a trigger property for the campaign's template. */
  property(name: string, value: unknown): this {
    this.#reply.properties.push(named(name, value, "property"));
    return this;
  }
}

/** Says more about a campaign or Canvas. */
export class Campaign {
  readonly #campaign: WireCampaign;

  constructor(campaign: WireCampaign) {
    this.#campaign = campaign;
  }

  /** Adds a trigger property. */
  property(name: string, value: unknown): this {
    this.#campaign.properties.push(named(name, value, "property"));
    return this;
  }
}

/** Says more about a timer. */
export class Timer {
  readonly #timer: WireTimer;

  constructor(timer: WireTimer) {
    this.#timer = timer;
  }

  /** Handed back when it fires. */
  payload(value: unknown): this {
    this.#timer.payload = stringify(value, "payload");
    return this;
  }

  /** Drops it by itself when the user writes before it fires. */
  cancelOnMessage(): this {
    this.#timer.cancelOnMessage = true;
    return this;
  }
}

/** Says more about a request. */
export class Request {
  readonly #request: WireRequest;

  constructor(request: WireRequest) {
    this.#request = request;
  }

  /** Names it; the response carries the name. For telling apart several requests on one connection. */
  id(id: string): this {
    this.#request.id = text(id, "request: the id");
    return this;
  }

  /** e.g. "POST". */
  method(method: string): this {
    this.#request.method = text(method, "request: the method");
    return this;
  }

  /** Adds a header beside those of the connection. */
  header(name: string, value: string): this {
    this.#request.headers.push([text(name, "header: the name"), text(value, "header: the value")]);
    return this;
  }

  /** Sends this text. */
  body(body: string): this {
    this.#request.body = text(body, "request: the body");
    return this;
  }

  /** Sends this as JSON, by POST unless {@link method} is called after it. */
  json(value: unknown): this {
    return this.method("POST").header("content-type", "application/json").body(stringify(value, "request: the body"));
  }

  /** Gives up after this many seconds; the connection's own limit holds where it is shorter. */
  timeoutSeconds(seconds: number): this {
    this.#request.timeout = integer(seconds, 0, SECONDS_MAX, "request: the timeout");
    return this;
  }

  /** What a message does that arrives before the response; by default it is a turn of its own, at once. */
  whileWaiting(what: WhileWaiting): this {
    this.#request.whileWaiting = oneOf(what, WHILE_WAITING, "whileWaiting");
    return this;
  }
}

/** Says more about a handoff. */
export class Handoff {
  readonly #handoff: WireHandoff;

  constructor(handoff: WireHandoff) {
    this.#handoff = handoff;
  }

  /** One line the agent reads first. */
  summary(summary: string): this {
    this.#handoff.summary = text(summary, "handoff: the summary");
    return this;
  }

  /** Said to the user while they wait. */
  notice(notice: string): this {
    this.#handoff.notice = text(notice, "handoff: the notice");
    return this;
  }

  /** Who should take it, as named at the desk. */
  team(name: string): this {
    this.#handoff.team = text(name, "handoff: the team");
    return this;
  }

  /** How urgent it is. */
  priority(priority: Priority): this {
    this.#handoff.priority = oneOf(priority, PRIORITIES, "priority");
    return this;
  }
}

const WHILE_WAITING: readonly WhileWaiting[] = ["deliver", "hold", "cancel"];
const PRIORITIES: readonly Priority[] = ["low", "normal", "high", "urgent"];

// A name the contract does not know would end the turn without a word, so it is refused here, where the stack says who said it.
function oneOf<T extends string>(value: T, known: readonly T[], what: string): T {
  if (known.includes(value)) return value;
  throw new TypeError(`${what} must be one of ${known.join(", ")}, not ${value}`);
}
