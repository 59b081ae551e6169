import assert from "node:assert/strict";
import { test } from "node:test";

import type { Event, Message } from "../src/events.ts";
import { definePlugin } from "../src/plugin.ts";
import { decide, failure, message, turnOf } from "./support.ts";

function received(event: Event): Message {
  let seen: Message | undefined;
  turnOf({ onMessage: (_turn, message) => void (seen = message) }, null, event);
  return seen!;
}

test("a message says what it says", () => {
  assert.ok(received(message("  STOP\u0085")).says("stop"));
  assert.ok(!received(message("stop it")).says("stop"));
  assert.ok(received(message("Menu", "menu")).chose("menu"));
  assert.ok(!received(message("Menu")).chose("menu"));
  assert.ok(received(message(" \u3000")).isWordless());
  assert.ok(!received(message("a")).isWordless());
});

test("every event reaches its handler, and what carries JSON reads it", () => {
  const seen: unknown[] = [];
  const plugin = definePlugin({
    onMessage: (_turn, { text }) => void seen.push(text),
    onTimer: (_turn, timer) => void seen.push(timer.read()),
    onResponse(_turn, { outcome }) {
      seen.push(outcome.tag === "ok" ? [outcome.val.isSuccess(), outcome.val.read()] : outcome.val.tag);
    },
    onDeliveryFailed: (_turn, failure) => void seen.push(failure.campaign),
    onHandoff: (_turn, update) => void seen.push(update.tag),
    onSessionExpired: (_turn, idleSeconds) => void seen.push(idleSeconds),
    onSwitched: (_turn, from) => void seen.push(from.name, from.read()),
    onExternal: (_turn, event) => void seen.push(event.read()),
  });
  const events = [
    { tag: "burst", val: [message("a").val, message("b").val] },
    { tag: "timer", val: { name: "t", payload: '{"n":1}', due: 0 } },
    { tag: "response", val: { id: "r", outcome: { tag: "ok", val: { status: 201, headers: [], body: "[2]" } } } },
    { tag: "response", val: { id: "r", outcome: { tag: "err", val: { tag: "timeout" } } } },
    { tag: "delivery-failed", val: { turn: 1, campaign: "reply", reason: "no", ambiguous: false } },
    { tag: "handoff", val: { tag: "accepted", val: null } },
    { tag: "session-expired", val: 3600 },
    { tag: "switched", val: { name: "menu", value: "3" } },
    { tag: "external", val: { name: "shipped", value: "4" } },
  ] as unknown as Event[];
  for (const event of events) turnOf(plugin, null, event);
  assert.deepEqual(seen, ["a", "b", { n: 1 }, [true, [2]], "timeout", "reply", "accepted", 3600, "menu", 3, 4]);
});

test("onEvent sees every event first, and dispatches it", () => {
  const seen: string[] = [];
  const plugin = definePlugin({
    onMessage: () => void seen.push("message"),
    onEvent(_turn, event, dispatch) {
      seen.push(event.tag);
      if (event.tag === "message") dispatch();
    },
  });
  turnOf(plugin, null);
  turnOf(plugin, null, { tag: "session-expired", val: 1 });
  assert.deepEqual(seen, ["message", "message", "session-expired"]);
});

test("settings and fields are read, and their type is checked against the fallback", () => {
  const settings = [{ name: "hours", value: '"9 to 5"' }, { name: "limit", value: "3" }, { name: "broken", value: "{" }];
  const more = { settings: settings as never, fields: [{ name: "first_name", value: '"Ana"' }] as never };
  decide((turn) => {
    const hours: string = turn.setting("hours", "always");
    assert.equal(hours, "9 to 5");
    assert.equal(turn.setting("limit"), 3);
    assert.equal(turn.setting("other"), undefined);
    assert.equal(turn.setting("other", 5), 5);
    assert.deepEqual(turn.fields(), { first_name: "Ana" });
    assert.throws(() => turn.setting("limit", "none"), /setting: limit: invalid type: integer `3`, expected a string/);
    assert.throws(() => turn.field("first_name", []), { message: "field: first_name: invalid type: string, expected an array" });
    assert.throws(() => turn.setting("broken"), /setting: broken: /);
    assert.throws(() => turn.settings(), /setting: broken: /);
  }, more);
});

test("a payload that is no JSON says which", () => {
  const timer = { tag: "timer", val: { name: "reminder", payload: "{", due: 0 } } as unknown as Event;
  const error = failure(() => turnOf({ onMessage() {}, onTimer: (_turn, timer) => void timer.read() }, null, timer));
  assert.match(error.val, /^reminder: /);
});
