/** What goes out: a decision, spelled as the contract's bindings spell it. */

import type { Media } from "./events.ts";

/** What a turn ends with. */
export interface Decision {
  state: NextState;
  effects: Effect[];
  step: string | null;
}

/** What becomes of the state. */
export type NextState = { tag: "keep" } | { tag: "replace"; val: string } | { tag: "clear" };

/** One thing that is asked for. */
export type Effect =
  | { tag: "reply"; val: WireReply }
  | { tag: "send-campaign"; val: WireCampaign }
  | { tag: "send-canvas"; val: WireCampaign }
  | { tag: "change-attribute"; val: AttributeChange }
  | { tag: "track-event"; val: NamedValue }
  | { tag: "start-timer"; val: WireTimer }
  | { tag: "cancel-timer"; val: string }
  | { tag: "request"; val: WireRequest }
  | { tag: "handoff"; val: WireHandoff }
  | { tag: "note"; val: string }
  | { tag: "switch-bot"; val: NamedValue }
  | { tag: "end-session"; val: string }
  | { tag: "custom"; val: NamedValue };

/** A name with JSON text. */
export interface NamedValue {
  name: string;
  value: string;
}

export interface WireReply {
  text: string;
  choices: WireChoice[];
  media: Media | null;
  campaign: string | null;
  properties: NamedValue[];
}

export interface WireChoice {
  id: string;
  title: string;
  description: string | null;
}

export interface WireCampaign {
  name: string;
  properties: NamedValue[];
}

export type AttributeChange =
  | { tag: "set"; val: NamedValue }
  | { tag: "unset"; val: string }
  | { tag: "increment"; val: [name: string, by: number] }
  | { tag: "add"; val: [name: string, text: string] }
  | { tag: "remove"; val: [name: string, text: string] };

export interface WireTimer {
  name: string;
  /** In seconds. */
  delay: number;
  payload: string;
  cancelOnMessage: boolean;
}

export interface WireRequest {
  id: string;
  connection: string;
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: string | null;
  /** In seconds. */
  timeout: number;
  whileWaiting: WhileWaiting;
}

/** What a message does that arrives before the response: it is a turn at once, it waits, or it gives the request up. */
export type WhileWaiting = "deliver" | "hold" | "cancel";

export interface WireHandoff {
  reason: string;
  summary: string;
  team: string | null;
  priority: Priority;
  notice: string | null;
}

/** How urgent a handoff is. */
export type Priority = "low" | "normal" | "high" | "urgent";

/** Why there is no decision. */
export type WireError = { tag: "bad-state"; val: string } | { tag: "other"; val: string };
