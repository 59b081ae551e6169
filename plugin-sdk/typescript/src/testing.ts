/**
 * Plays transcripts against a plugin natively: no WebAssembly, milliseconds, and a debugger that stops in it.
 *
 * ```ts
 * import { test } from "node:test";
 * import { runFolder } from "turnwise-plugin/testing";
 * import bot from "../src/bot.ts";
 *
 * test("transcripts", () => runFolder(bot, "tests"));
 * ```
 *
 * The player is the command `turnwise test`: the one in the environment's `TURNWISE`, or else on the `PATH`.
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { handle } from "./adapter.ts";
import type { Context, Event } from "./events.ts";
import type { Plugin } from "./plugin.ts";
import { seedMathRandom } from "./random.ts";

/** Plays every `*.chat` file of a folder, or one such file. Rejects where the bot does not do what is written. */
export async function runFolder(plugin: Plugin<any>, path: string): Promise<void> {
  const command = process.env["TURNWISE"] ?? "turnwise";
  const player = spawn(command, ["test", "--stdio", path], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    player.on("error", (error) => reject(new Error(`${command} does not start: ${error.message}\n${HOW_TO_FIND_IT}`)));
    player.on("close", resolve);
  });
  // A player that ended does not read its next answer; what it ended with is reported below.
  player.stdin.on("error", () => {});
  let done: Done | undefined;
  const played = (async () => {
    for await (const line of createInterface({ input: player.stdout })) {
      const said = JSON.parse(line) as Turn | { done: Done };
      if ("done" in said) done = said.done;
      else player.stdin.write(`${JSON.stringify(answer(plugin, said))}\n`);
    }
  })();
  const [status] = await Promise.all([ended, played]);
  if (status === 0) return;
  throw new Failure(done?.report ?? `\`${command} test --stdio ${path}\` ended with status ${status}`);
}

const HOW_TO_FIND_IT = "TURNWISE names the command to start; without it, turnwise is looked for on the PATH";

/** A report that speaks for itself: a stack of this file would only hide it. */
class Failure extends Error {
  override stack = "";

  constructor(report: string) {
    super(`\n${report}`);
  }
}

interface Turn {
  context: Context;
  state: string | null;
  event: Event;
}

interface Done {
  passed: number;
  failed: number;
  report: string;
}

function answer(plugin: Plugin<any>, { context, state, event }: Turn): object {
  const { Date: realDate } = globalThis;
  const { random } = Math;
  try {
    globalThis.Date = clockAt(context.now);
    seedMathRandom(context.seed);
    return { ok: handle(plugin, context, state, event) };
  } catch (err) {
    return { err };
  } finally {
    globalThis.Date = realDate;
    Math.random = random;
  }
}

/** As in a component, where the clock stands still at the turn's time. */
function clockAt(now: number): DateConstructor {
  const clock = class extends Date {
    constructor(...parts: unknown[]) {
      super(...((parts.length === 0 ? [now] : parts) as [number]));
    }

    static override now(): number {
      return now;
    }
  };
  return clock as unknown as DateConstructor;
}
