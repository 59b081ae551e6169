/** What a plugin is: its state and what it does with each kind of event. */

import type {
  DeliveryFailure, Event, HandoffUpdate, Message, NamedJson, Response, TimerFired,
} from "./events.ts";
import type { Turn } from "./turn.ts";

/** A plugin as its author writes it. A handler that throws leaves no effect, and the state as it was. */
export interface PluginDefinition<State> {
  /**
   * What a conversation starts with: any value that JSON can hold, of at most 64 KiB as text. A stored object gets the
   * properties it lacks from here, so that a state can grow without a migration. Without it there is no state.
   */
  state?: () => State;

  /**
   * Checks and completes what was stored, where more is wanted than that it is of the same kind (object, array, text…) as
   * what `state` makes. What it throws is an `error.bad-state`.
   */
  readState?: (stored: unknown) => State;

  /** Written beside every stored state; raise it when `migrate` has something new to do. 1 by default. */
  stateVersion?: number;

  /** Turns a state that version `from` stored into one that this version reads. */
  migrate?: (stored: unknown, from: number) => unknown;

  /** The steps that {@link Turn.step} names, in the order a conversation passes through them. */
  steps?: readonly string[];

  /** The connections that {@link Turn.request} calls; each needs a grant in the configuration. */
  connections?: readonly string[];

  /** The campaigns and Canvases that are triggered by name; each needs a grant in the configuration. */
  campaigns?: readonly string[];

  /** What this plugin handles itself that the host otherwise would, e.g. "commands". */
  handles?: readonly string[];

  /** The user wrote. */
  onMessage(turn: Turn<State>, message: Message): void;

  /**
   * The user wrote several messages within the bot's coalescing window, oldest first. By default each is handled like a
   * message that came alone.
   */
  onBurst?(turn: Turn<State>, messages: readonly Message[]): void;

  /** A timer of {@link Turn.startTimer} came due. */
  onTimer?(turn: Turn<State>, timer: TimerFired): void;

  /** The answer to a {@link Turn.request}, or why there is none. */
  onResponse?(turn: Turn<State>, response: Response): void;

  /** A reply or campaign of an earlier turn was not delivered to Braze. */
  onDeliveryFailed?(turn: Turn<State>, failure: DeliveryFailure): void;

  /** A handoff of {@link Turn.handoff} failed, was accepted, or came back. */
  onHandoff?(turn: Turn<State>, update: HandoffUpdate): void;

  /**
   * The session ended after this many idle seconds. What is in `turn.state` afterwards is what the next session starts
   * with; by default that is a new state.
   */
  onSessionExpired?(turn: Turn<State>, idleSeconds: number): void;

  /** Another bot passed the conversation here; the name is that bot's, the value its payload. */
  onSwitched?(turn: Turn<State>, from: NamedJson): void;

  /** Another system pushed an event in, e.g. "order-shipped". */
  onExternal?(turn: Turn<State>, event: NamedJson): void;

  /** Every event passes through here. Give it for what concerns all of them; `dispatch` calls the event's own handler. */
  onEvent?(turn: Turn<State>, event: Event, dispatch: () => void): void;
}

/** A plugin, ready to be played or to become a component. */
export interface Plugin<State = unknown> {
  readonly definition: PluginDefinition<State>;
  /** What a conversation starts with. */
  newState(): State;
}

/** Makes a plugin of what it does. It is the default export of the project's main module. */
export function definePlugin<State = null>(definition: PluginDefinition<State>): Plugin<State> {
  for (const name of FUNCTIONS) {
    const given: unknown = definition[name];
    if (given !== undefined && typeof given !== "function") {
      throw new TypeError(`definePlugin: ${name} must be a function, not ${typeof given}`);
    }
  }
  if (!definition.onMessage) throw new TypeError("definePlugin: onMessage is missing");
  return { definition, newState: () => (definition.state ? definition.state() : (null as State)) };
}

const FUNCTIONS = [
  "state", "readState", "migrate", "onMessage", "onBurst", "onTimer", "onResponse", "onDeliveryFailed", "onHandoff",
  "onSessionExpired", "onSwitched", "onExternal", "onEvent",
] as const;

/** Has a plugin handle an event: by `onEvent` where there is one, else by the event's own handler. */
export function handleEvent<State>(plugin: Plugin<State>, turn: Turn<State>, event: Event): void {
  const { definition } = plugin;
  const dispatch = () => refusePromise(handleByKind(plugin, turn, event), event.tag);
  if (definition.onEvent) refusePromise(definition.onEvent(turn, event, dispatch), "onEvent");
  else dispatch();
}

function handleByKind<State>({ definition, newState }: Plugin<State>, turn: Turn<State>, event: Event): void {
  switch (event.tag) {
    case "message":
      return definition.onMessage(turn, event.val);
    case "burst":
      if (definition.onBurst) return definition.onBurst(turn, event.val);
      for (const message of event.val) refusePromise(definition.onMessage(turn, message), "message");
      return;
    case "timer":
      if (definition.onTimer) return definition.onTimer(turn, event.val);
      return console.warn(`no onTimer handles the timer ${event.val.name}`);
    case "response":
      if (definition.onResponse) return definition.onResponse(turn, event.val);
      return console.warn(`no onResponse handles the response to ${event.val.id}`);
    case "delivery-failed": {
      if (definition.onDeliveryFailed) return definition.onDeliveryFailed(turn, event.val);
      const { campaign, turn: earlier, reason } = event.val;
      return console.warn(`campaign ${campaign} of turn ${earlier} was not delivered: ${reason}`);
    }
    case "handoff":
      return definition.onHandoff?.(turn, event.val);
    case "session-expired":
      if (definition.onSessionExpired) return definition.onSessionExpired(turn, event.val);
      turn.state = newState();
      return;
    case "switched":
      if (definition.onSwitched) return definition.onSwitched(turn, event.val);
      return console.warn(`no onSwitched handles the conversation that came from ${event.val.name}`);
    case "external":
      if (definition.onExternal) return definition.onExternal(turn, event.val);
      return console.warn(`no onExternal handles ${event.val.name}`);
  }
}

/** A turn does not wait: what an async handler does after its first `await` would be lost without a word. */
export function refusePromise(returned: unknown, what: string): void {
  if (returned !== null && typeof returned === "object" && "then" in returned) {
    throw new TypeError(`the handler of ${what} is async, but a turn cannot wait: ask with turn.request, answer in onResponse`);
  }
}
