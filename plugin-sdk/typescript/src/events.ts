/** What comes in: the context of a turn, and the event it is about. Names and meanings are those of `bot.wit`. */

import { parse } from "./json.ts";
import { trim } from "./text.ts";

/** Milliseconds since 1970-01-01T00:00:00Z; `new Date(timestamp)` reads it. */
export type Timestamp = number;

/** Who is talking. */
export interface User {
  /** Braze's `external_id`; null for a number that Braze does not know yet. */
  readonly externalId: string | null;
  /** The anonymous profile (label "phone") where there is no external id. */
  readonly alias: UserAlias | null;
  /** E.164. */
  readonly phone: string | null;
  /** BCP 47, as Braze sent it. */
  readonly language: string | null;
  /** The WhatsApp display name. Set by the user; never trust it. */
  readonly profileName: string | null;
}

/** Names an anonymous Braze profile. */
export interface UserAlias {
  readonly name: string;
  readonly label: string;
}

/** Everything about a turn but its event. */
export interface Context {
  /** The conversation's id: one user on one source. */
  readonly conversation: string;
  /** Counts sessions of this conversation from 1. */
  readonly session: number;
  /** Counts turns of this conversation from 1. */
  readonly turn: number;
  readonly user: User;
  /** The inbound source as named in the configuration, e.g. "whatsapp". */
  readonly source: string;
  /** When the turn runs. */
  readonly now: Timestamp;
  /** The turn's only randomness. */
  readonly seed: number;
  /** `[plugins.NAME.settings]` of the configuration. */
  readonly settings: readonly NamedJson[];
  /** Values the inbound carried beside the message. */
  readonly fields: readonly NamedJson[];
  /** Whether a human could take over now. */
  readonly desk: DeskStatus;
}

/** Whether agents are there; `closed` says when they will be, where that is known. */
export type DeskStatus =
  | { readonly tag: "open" }
  | { readonly tag: "closed"; readonly val: Timestamp | null }
  | { readonly tag: "none" };

/** What a turn is about. */
export type Event =
  | { readonly tag: "message"; readonly val: Message }
  | { readonly tag: "burst"; readonly val: readonly Message[] }
  | { readonly tag: "timer"; readonly val: TimerFired }
  | { readonly tag: "response"; readonly val: Response }
  | { readonly tag: "delivery-failed"; readonly val: DeliveryFailure }
  | { readonly tag: "handoff"; readonly val: HandoffUpdate }
  | { readonly tag: "session-expired"; readonly val: number }
  | { readonly tag: "switched"; readonly val: NamedJson }
  | { readonly tag: "external"; readonly val: NamedJson };

/** A file, by reference. */
export interface Media {
  readonly url: string;
  /** e.g. "image/jpeg", where known. */
  readonly mimeType: string | null;
}

// The classes below are never constructed: what the host hands in gets their methods by `withMethods`.

/** One message of the user. */
export class Message {
  /** The id the webhook was answered with. */
  declare readonly id: string;
  /** As typed; empty where the message is only media or a flow's answer. */
  declare readonly text: string;
  /** Attachments; their URLs are valid for seven days. */
  declare readonly media: readonly Media[];
  /** The id of the choice last offered whose title the text matches. */
  declare readonly choice: string | null;
  /** Answer of a WhatsApp Flow, as JSON text. */
  declare readonly flowResponse: string | null;
  /** When the webhook arrived. */
  declare readonly received: Timestamp;

  /** Whether the user typed exactly this, whatever the case and the space around it. */
  says(text: string): boolean {
    return trim(this.text).toLowerCase() === text.toLowerCase();
  }

  /** Whether the user tapped (or typed the title of) the choice with this id. */
  chose(id: string): boolean {
    return this.choice === id;
  }

  /** Whether there is no text to read: only media, a flow's answer, or nothing. */
  isWordless(): boolean {
    return trim(this.text) === "";
  }
}

/** A name with a JSON value: a setting, a field, the payload of another bot or system. */
export class NamedJson {
  declare readonly name: string;
  /** JSON text; {@link read} reads it. */
  declare readonly value: string;

  /** The value. Its type is what you say it is: check what you did not write yourself. */
  read<T = unknown>(): T {
    return parse(this.value, this.name) as T;
  }
}

/** A timer came due. */
export class TimerFired {
  /** As it was started. */
  declare readonly name: string;
  /** JSON text; {@link read} reads it. */
  declare readonly payload: string;
  /** When it should have fired; after downtime this may be long ago. */
  declare readonly due: Timestamp;

  /** The payload as it was given to {@link Turn.startTimer}. */
  read<T = unknown>(): T {
    return parse(this.payload, this.name) as T;
  }
}

/** The answer to a request. */
export interface Response {
  /** The request's id. */
  readonly id: string;
  /** What came back, or why nothing did. */
  readonly outcome:
    | { readonly tag: "ok"; readonly val: HttpResponse }
    | { readonly tag: "err"; readonly val: RequestError };
}

/** An HTTP response of any status. */
export class HttpResponse {
  declare readonly status: number;
  /** In order of arrival, names in lower case. */
  declare readonly headers: readonly (readonly [name: string, value: string])[];
  declare readonly body: string;

  /** Whether the status is 200 to 299. */
  isSuccess(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The body as JSON. Its type is what you say it is: check what you did not write yourself. */
  read<T = unknown>(): T {
    return parse(this.body, "the response's body") as T;
  }
}

/** Why a request has no response. */
export type RequestError =
  /** No such connection, or the plugin has no grant for it. */
  | { readonly tag: "denied"; readonly val: string }
  | { readonly tag: "timeout" }
  | { readonly tag: "unreachable"; readonly val: string }
  /** The response is over the connection's limit. */
  | { readonly tag: "too-large" }
  | { readonly tag: "other"; readonly val: string };

/** Something an earlier turn asked for did not reach Braze. */
export interface DeliveryFailure {
  /** The turn that asked for it. */
  readonly turn: number;
  /** The campaign as named in the configuration. */
  readonly campaign: string;
  /** For people. */
  readonly reason: string;
  /** True where Braze may have sent it all the same (the answer was lost). */
  readonly ambiguous: boolean;
}

/** How a handoff goes on: nobody took it, an agent (named where known) took it, or gave it back. */
export type HandoffUpdate =
  | { readonly tag: "failed"; readonly val: string }
  | { readonly tag: "accepted"; readonly val: string | null }
  | { readonly tag: "returned"; readonly val: HandoffReturn };

/** What the agent leaves behind. */
export interface HandoffReturn {
  readonly agent: string | null;
  /** A note for the bot, e.g. "refunded". */
  readonly note: string | null;
  /** What was said meanwhile. */
  readonly transcript: readonly TranscriptLine[];
}

/** One line of a conversation between people. */
export interface TranscriptLine {
  readonly at: Timestamp;
  readonly author: Author;
  readonly text: string;
}

/** Who said it. */
export type Author = "user" | "bot" | "agent";

/** Gives an event of the host its methods. */
export function withMethods(event: Event): Event {
  switch (event.tag) {
    case "message":
      Object.setPrototypeOf(event.val, Message.prototype);
      break;
    case "burst":
      for (const message of event.val) Object.setPrototypeOf(message, Message.prototype);
      break;
    case "timer":
      Object.setPrototypeOf(event.val, TimerFired.prototype);
      break;
    case "response":
      if (event.val.outcome.tag === "ok") Object.setPrototypeOf(event.val.outcome.val, HttpResponse.prototype);
      break;
    case "switched":
    case "external":
      Object.setPrototypeOf(event.val, NamedJson.prototype);
      break;
    default:
  }
  return event;
}
