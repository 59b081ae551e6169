/** Between a plugin and the contract: an event becomes a decision, and what is thrown becomes one of the contract's errors. */

import { type Context, type Event, withMethods } from "./events.ts";
import { explain } from "./explain.ts";
import { kind, stringify } from "./json.ts";
import { handleEvent, type Plugin, refusePromise } from "./plugin.ts";
import { collected, Turn } from "./turn.ts";
import type { Decision, NextState, WireError } from "./wire.ts";

/** One turn. Throws nothing but {@link WireError}: anything else would end the component without a word. */
export function handle<State>(plugin: Plugin<State>, context: Context, state: string | null | undefined, event: Event): Decision {
  const before = state ?? null;
  const turn = attempt("bad-state", () => new Turn(unsigned(context), read(plugin, before)));
  return attempt("other", () => {
    withMethods(event);
    handleEvent(plugin, turn, event);
    const { effects, step } = collected(turn);
    return { state: next(plugin, before, turn.state, event.tag === "session-expired"), effects, step };
  });
}

/** QuickJS is handed 32-bit integers as signed ones. Of those of a context only the seed is ever so large. */
function unsigned(context: Context): Context {
  return context.seed >= 0 ? context : { ...context, seed: context.seed >>> 0 };
}

/** The state of version `from` as this version's. */
export function migrate<State>(plugin: Plugin<State>, state: string, from: number): string {
  const { migrate } = plugin.definition;
  if (!migrate) return state;
  return attempt("bad-state", () => {
    const migrated = migrate.call(plugin.definition, JSON.parse(state), from);
    refusePromise(migrated, "migrate");
    return stringify(migrated, "the migrated state");
  });
}

/** What a plugin says of itself. */
export interface Description {
  name: string;
  version: string;
  stateVersion: number;
  steps: readonly string[];
  connections: readonly string[];
  campaigns: readonly string[];
  handles: readonly string[];
}

/** The manifest; name and version are those of the project's package.json. */
export function describe({ definition }: Plugin, name: string, version: string): Description {
  const { stateVersion = 1, steps = [], connections = [], campaigns = [], handles = [] } = definition;
  return { name, version, stateVersion, steps, connections, campaigns, handles };
}

function read<State>({ definition, newState }: Plugin<State>, stored: string | null): State {
  if (stored === null) return newState();
  const state: unknown = JSON.parse(stored);
  if (definition.readState) return definition.readState(state);
  const fresh = newState();
  checkKind(state, fresh, "the stored state");
  // Spread, not assigned: a stored "__proto__" stays a property like any other.
  return kind(state) === "object" && kind(fresh) === "object" ? { ...fresh, ...(state as State) } : (state as State);
}

/**
 * A state that is the one to start with is not stored at all, and one that did not change is kept, so that a plugin without
 * state never writes any. After a session has expired "keep" would mean "clear", so it is not said.
 */
function next<State>(plugin: Plugin<State>, before: string | null, state: State, expired: boolean): NextState {
  const fresh = plugin.newState();
  if (!plugin.definition.readState) checkKind(state, fresh, "turn.state");
  const after = stringify(state, "the state");
  if (after === stringify(fresh, "the state")) return before === null ? { tag: "keep" } : { tag: "clear" };
  if (after === before && !expired) return { tag: "keep" };
  return { tag: "replace", val: after };
}

function checkKind(state: unknown, fresh: unknown, what: string): void {
  if (state === null || fresh === null || kind(state) === kind(fresh)) return;
  throw new TypeError(`${what} is of type ${kind(state)}, but a new state is of type ${kind(fresh)}; readState can read both`);
}

function attempt<T>(tag: WireError["tag"], run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw { tag, val: explain(thrown) } satisfies WireError;
  }
}
