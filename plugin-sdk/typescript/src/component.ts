/** The exports of a component. `turnwise plugin build` writes the module that calls this. */

/// <reference path="./host.d.ts" />
import { type Level, write } from "turnwise:bot/log@0.1.0";

import { describe, type Description, handle, migrate } from "./adapter.ts";
import type { Context, Event } from "./events.ts";
import { show } from "./explain.ts";
import type { Plugin } from "./plugin.ts";
import { seedMathRandom } from "./random.ts";
import type { Decision } from "./wire.ts";

/** What the contract's world wants of a JavaScript module. */
export interface Component {
  bot: { handle(context: Context, state: string | null, event: Event): Decision };
  manifest: { describe(): Description };
  migration: { migrate(state: string, from: number): string };
}

/** Makes a component of a plugin; `name` and `version` are for the manifest. */
export function component(plugin: Plugin<any>, { name, version }: { name: string; version: string }): Component {
  if (typeof plugin?.definition?.onMessage !== "function") {
    throw new TypeError("the main module's default export is no plugin: export default definePlugin({ … })");
  }
  return {
    bot: {
      handle(context, state, event) {
        // The engine's own generator was seeded when the component was built.
        seedMathRandom(context.seed);
        return handle(plugin, context, state, event);
      },
    },
    manifest: { describe: () => describe(plugin, name, version) },
    migration: { migrate: (state, from) => migrate(plugin, state, from) },
  };
}

const line = (level: Level) => (...values: unknown[]) => write(level, values.map(show).join(" "));

globalThis.console = {
  debug: line("debug"),
  log: line("info"),
  info: line("info"),
  warn: line("warn"),
  error: line("error"),
} as Console;

// It counts from when the component was built; `Date.now()` is the clock of a turn.
Reflect.deleteProperty(globalThis, "performance");
