import { handle } from "../src/adapter.ts";
import type { Context, Event } from "../src/events.ts";
import { definePlugin, type Plugin, type PluginDefinition } from "../src/plugin.ts";
import type { Turn } from "../src/turn.ts";
import type { Decision, Effect, WireError } from "../src/wire.ts";

export function context(more: Partial<Context> = {}): Context {
  return {
    conversation: "c",
    session: 1,
    turn: 1,
    user: { externalId: "u1", alias: null, phone: null, language: null, profileName: null },
    source: "whatsapp",
    now: 0,
    seed: 0,
    settings: [],
    fields: [],
    desk: { tag: "none" },
    ...more,
  };
}

/** A message as the host hands it in: without methods. */
export function message(text: string, choice: string | null = null): Event {
  return { tag: "message", val: { id: "m", text, media: [], choice, flowResponse: null, received: 0 } } as unknown as Event;
}

/** What a handler of a message decides. */
export function decide(onMessage: (turn: Turn<null>) => void, more: Partial<Context> = {}): Decision {
  return handle(definePlugin({ onMessage }), context(more), null, message("hi"));
}

/** The one effect of a handler. */
export function effect(onMessage: (turn: Turn<null>) => void): Effect {
  const { effects } = decide(onMessage);
  if (effects.length !== 1) throw new Error(`${effects.length} effects`);
  return effects[0]!;
}

/** The error a turn ends with. */
export function failure(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    return error as WireError;
  }
  throw new Error("the turn did not fail");
}

export function turnOf<State>(definition: PluginDefinition<State> | Plugin<State>, state: string | null, event = message("hi")): Decision {
  const plugin = "definition" in definition ? definition : definePlugin(definition);
  return handle(plugin, context(), state, event);
}
