import assert from "node:assert/strict";
import { test } from "node:test";

import { describe, handle, migrate } from "../src/adapter.ts";
import { definePlugin, type PluginDefinition } from "../src/plugin.ts";
import { context, failure, message, turnOf } from "./support.ts";

interface Counter {
  count: number;
  tags: string[];
}

const counter = (to: number): PluginDefinition<Counter> => ({
  state: () => ({ count: 0, tags: [] }),
  onMessage: (turn) => void (turn.state.count = to),
  onSessionExpired: (turn) => void (turn.state.count = to),
});

test("a state is written only where it changed", () => {
  const next = (before: string | null, to: number) => turnOf(counter(to), before).state;
  assert.deepEqual(next(null, 0), { tag: "keep" });
  assert.deepEqual(next(null, 1), { tag: "replace", val: '{"count":1,"tags":[]}' });
  assert.deepEqual(next('{"count":1,"tags":[]}', 1), { tag: "keep" });
  assert.deepEqual(next('{"count":1,"tags":[]}', 2), { tag: "replace", val: '{"count":2,"tags":[]}' });
  assert.deepEqual(next('{"count":1,"tags":[]}', 0), { tag: "clear" });
  // After a session has expired the contract reads "keep" as "clear".
  const expired = { tag: "session-expired", val: 3600 } as const;
  assert.deepEqual(turnOf(counter(1), '{"count":1,"tags":[]}', expired).state, { tag: "replace", val: '{"count":1,"tags":[]}' });
  assert.deepEqual(turnOf(counter(0), '{"count":1,"tags":[]}', expired).state, { tag: "clear" });
});

test("by default a session that expired leaves no state, and a plugin without state writes none", () => {
  const { onMessage, state } = counter(1);
  const expired = { tag: "session-expired", val: 3600 } as const;
  assert.deepEqual(turnOf({ onMessage, state: state! }, '{"count":1,"tags":[]}', expired).state, { tag: "clear" });
  assert.deepEqual(turnOf({ onMessage() {} }, null).state, { tag: "keep" });
  assert.deepEqual(turnOf({ onMessage() {} }, null, expired).state, { tag: "keep" });
});

test("an object gets the properties that are new", () => {
  const decision = turnOf(counter(3), '{"count":1,"old":true}');
  assert.deepEqual(decision.state, { tag: "replace", val: '{"count":3,"tags":[],"old":true}' });
});

test("two turns share no state", () => {
  const plugin = definePlugin({ state: () => ({ list: [] as number[] }), onMessage: (turn) => void turn.state.list.push(1) });
  for (let turn = 0; turn < 2; turn += 1) assert.deepEqual(turnOf(plugin, null).state, { tag: "replace", val: '{"list":[1]}' });
});

test("a state that cannot be read is a bad state, with what is wrong", () => {
  const bad = (state: string) => failure(() => turnOf(counter(1), state));
  assert.equal(bad("{").tag, "bad-state");
  assert.match(bad("7").val, /^TypeError: the stored state is of type number, but a new state is of type object/);
  const picky: PluginDefinition<number> = {
    readState(stored) {
      if (typeof stored !== "number") throw new Error("no number");
      return stored;
    },
    onMessage() {},
  };
  assert.match(failure(() => turnOf(picky, '"a"')).val, /^no number\n/);
  assert.deepEqual(turnOf(picky, "1").state, { tag: "keep" });
});

test("a state of another kind than it began with is refused while it is written", () => {
  const error = failure(() => turnOf<unknown>({ state: () => ({}), onMessage: (turn) => void (turn.state = 5) }, null));
  assert.equal(error.tag, "other");
  assert.match(error.val, /turn\.state is of type number, but a new state is of type object; readState can read both/);
});

test("a state that JSON cannot hold is refused", () => {
  const error = failure(() => turnOf<unknown>({ onMessage: (turn) => void (turn.state = 5n) }, null));
  assert.equal(error.tag, "other");
  assert.match(error.val, /BigInt/);
});

test("what is thrown becomes an error with its stack and causes", () => {
  const thrown = (value: unknown) => failure(() => turnOf({ onMessage() { throw value; } }, null));
  const error = thrown(new Error("outer", { cause: new RangeError("inner") }));
  assert.equal(error.tag, "other");
  assert.match(error.val, /^outer\n +at [^]*\ncaused by: RangeError: inner\n +at /);
  assert.equal(thrown("words").val, "words");
  assert.equal(thrown(undefined).val, "thrown: undefined");
  assert.equal(thrown({ code: 1 }).val, 'thrown: {"code":1}');
  assert.equal(thrown("\ud800").val, "\ufffd");
  const cyclic = new Error("one", { cause: new Error("two") });
  (cyclic.cause as Error).cause = cyclic;
  assert.match(thrown(cyclic).val, /caused by: two/);
  const loop: { itself?: unknown } = {};
  loop.itself = loop;
  assert.equal(thrown(loop).tag, "other");
});

test("an async handler is refused, not half done", () => {
  for (const plugin of [definePlugin({ async onMessage() {} }), definePlugin({ onMessage() {}, async onEvent() {} })]) {
    assert.match(failure(() => turnOf(plugin, null)).val, /is async, but a turn cannot wait/);
  }
});

test("a definition that is none says so at once", () => {
  assert.throws(() => definePlugin({} as PluginDefinition<null>), /definePlugin: onMessage is missing/);
  assert.throws(() => definePlugin({ onMessage() {}, onTimer: 5 as never }), /onTimer must be a function, not number/);
});

test("handlers reach each other by `this`, those of a class as well", () => {
  class Bot {
    onMessage(turn: { reply(text: string): unknown }) {
      turn.reply(this.greeting());
    }

    greeting() {
      return "hello";
    }
  }
  const decision = handle(definePlugin(new Bot()), context(), null, message("hi"));
  assert.equal(decision.effects.length, 1);
});

test("the manifest says what the definition says", () => {
  const plain = definePlugin({ onMessage() {} });
  assert.deepEqual(describe(plain, "bot", "1.2.3"), {
    name: "bot", version: "1.2.3", stateVersion: 1, steps: [], connections: [], campaigns: [], handles: [],
  });
  const full = { stateVersion: 2, steps: ["menu"], connections: ["shop"], campaigns: ["promo"], handles: ["commands"] };
  assert.deepEqual(describe(definePlugin({ onMessage() {}, ...full }), "bot", "1"), { name: "bot", version: "1", ...full });
});

test("an old state is migrated, or is a bad state", () => {
  const plugin = definePlugin({
    onMessage() {},
    migrate(stored, from) {
      if (from !== 1) throw new Error(`version ${from} is unknown`);
      return { count: stored };
    },
  });
  assert.equal(migrate(plugin, "7", 1), '{"count":7}');
  assert.deepEqual(failure(() => migrate(plugin, "7", 9)).tag, "bad-state");
  assert.equal(failure(() => migrate(plugin, "{", 1)).tag, "bad-state");
  assert.equal(migrate(definePlugin({ onMessage() {} }), "as it was", 1), "as it was");
});
