import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { definePlugin } from "../src/plugin.ts";
import { runFolder } from "../src/testing.ts";
import { context, message } from "./support.ts";

const plugin = definePlugin({
  onMessage(turn, message) {
    if (message.says("fail")) throw new Error("asked to");
    turn.reply(`${message.text} ${Date.now()} ${new Date().toISOString()} ${new Date(5).getTime()} ${Math.random()}`);
  },
});

const folder = await mkdtemp(join(tmpdir(), "turnwise-sdk-"));
after(() => rm(folder, { recursive: true }));

/** A player that is a script: it asks, and does with the answers what the rest of the script says. */
async function player(name: string, script: string): Promise<void> {
  const path = join(folder, name);
  await writeFile(path, `#!${process.execPath}
    const answers = [];
    const ask = (text) => console.log(JSON.stringify({ context: ${JSON.stringify(context({ now: 1700000000123, seed: 7 }))},
      state: null, event: { ...${JSON.stringify(message(""))}, val: { ...${JSON.stringify(message("").val)}, text } } }));
    const done = (failed, report) => { console.log(JSON.stringify({ done: { passed: 1, failed, report } })); process.exit(failed); };
    let rest = "";
    process.stdin.on("data", (data) => {
      const lines = (rest + data).split("\\n");
      rest = lines.pop();
      for (const line of lines) { answers.push(JSON.parse(line)); next(); }
    });
    ${script}`);
  await chmod(path, 0o755);
  process.env["TURNWISE"] = path;
}

test("the player asks, the plugin answers, in the turn's time and by its seed", async () => {
  await player("passes", `
    const next = () => {
      if (answers.length === 1) return ask("b");
      if (answers.length === 2) return ask("fail");
      const [first, second, third] = answers;
      const text = first.ok.effects[0].val.text;
      const right = text.startsWith("a 1700000000123 2023-11-14T22:13:20.123Z 5 0.") && text.slice(1) === second.ok.effects[0].val.text.slice(1)
        && third.err.tag === "other" && third.err.val.startsWith("asked to\\n");
      done(right ? 0 : 1, JSON.stringify(answers));
    };
    ask("a");`);
  const { random } = Math;
  await runFolder(plugin, "tests");
  assert.equal(Math.random, random);
  assert.ok(Date.now() > 1700000000123);
});

test("a transcript that fails fails the test, with the player's report", async () => {
  await player("fails", `const next = () => done(1, "tests/a.chat:3: not so"); ask("a");`);
  await assert.rejects(runFolder(plugin, "tests"), { message: "\ntests/a.chat:3: not so" });
});

test("a player that ends without a word, or is not there, is no success", async () => {
  await player("dies", "process.exit(2);");
  await assert.rejects(runFolder(plugin, "tests"), /test --stdio tests` ended with status 2/);
  process.env["TURNWISE"] = join(folder, "missing");
  await assert.rejects(runFolder(plugin, "tests"), /does not start: .*\nTURNWISE names the command to start/);
});
