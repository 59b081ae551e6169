import assert from "node:assert/strict";
import { test } from "node:test";

import type { Turn } from "../src/turn.ts";
import type { AttributeChange, Effect } from "../src/wire.ts";
import { decide, effect, failure } from "./support.ts";

test("a reply says all of it", () => {
  assert.deepEqual(effect((turn) => turn.reply("Hi")), {
    tag: "reply",
    val: { text: "Hi", choices: [], media: null, campaign: null, properties: [] },
  });
  const full = effect((turn) =>
    turn.reply("Hi").choice("a", "A").choice("b", "B", "The second").media("https://x.example/a.jpg", "image/jpeg")
      .campaign("promo").property("price", { eur: 5 })
  );
  assert.deepEqual(full, {
    tag: "reply",
    val: {
      text: "Hi",
      choices: [{ id: "a", title: "A", description: null }, { id: "b", title: "B", description: "The second" }],
      media: { url: "https://x.example/a.jpg", mimeType: "image/jpeg" },
      campaign: "promo",
      properties: [{ name: "price", value: '{"eur":5}' }],
    },
  });
});

test("every other effect has its shape", () => {
  const cases: [(turn: Turn<null>) => void, Effect][] = [
    [(turn) => turn.sendCampaign("c").property("p", 1), { tag: "send-campaign", val: { name: "c", properties: [{ name: "p", value: "1" }] } }],
    [(turn) => turn.sendCanvas("c"), { tag: "send-canvas", val: { name: "c", properties: [] } }],
    [(turn) => turn.trackEvent("e", { plan: "gold" }), { tag: "track-event", val: { name: "e", value: '{"plan":"gold"}' } }],
    [(turn) => turn.trackEvent("e"), { tag: "track-event", val: { name: "e", value: "{}" } }],
    [(turn) => turn.startTimer("t", { minutes: 1, seconds: 0.5 }), {
      tag: "start-timer",
      val: { name: "t", delay: 61, payload: "null", cancelOnMessage: false },
    }],
    [(turn) => turn.startTimer("t", { days: 100_000 }).payload([1]).cancelOnMessage(), {
      tag: "start-timer",
      val: { name: "t", delay: 0x7fff_ffff, payload: "[1]", cancelOnMessage: true },
    }],
    [(turn) => turn.cancelTimer("t"), { tag: "cancel-timer", val: "t" }],
    [(turn) => turn.request("shop", "/orders/1"), {
      tag: "request",
      val: {
        id: "shop", connection: "shop", method: "GET", path: "/orders/1", headers: [], body: null, timeout: 10,
        whileWaiting: "deliver",
      },
    }],
    [(turn) => turn.request("shop", "/o").id("r").json({ a: 1 }).method("PUT").header("x", "y").timeoutSeconds(3).whileWaiting("hold"), {
      tag: "request",
      val: {
        id: "r", connection: "shop", method: "PUT", path: "/o", headers: [["content-type", "application/json"], ["x", "y"]],
        body: '{"a":1}', timeout: 3, whileWaiting: "hold",
      },
    }],
    [(turn) => turn.request("shop", "/o").body("text"), {
      tag: "request",
      val: {
        id: "shop", connection: "shop", method: "GET", path: "/o", headers: [], body: "text", timeout: 10, whileWaiting: "deliver",
      },
    }],
    [(turn) => turn.handoff("asked"), {
      tag: "handoff",
      val: { reason: "asked", summary: "", team: null, priority: "normal", notice: null },
    }],
    [(turn) => turn.handoff("asked").summary("s").notice("n").team("t").priority("urgent"), {
      tag: "handoff",
      val: { reason: "asked", summary: "s", team: "t", priority: "urgent", notice: "n" },
    }],
    [(turn) => turn.note("n"), { tag: "note", val: "n" }],
    [(turn) => turn.switchBot("orders", { id: 1 }), { tag: "switch-bot", val: { name: "orders", value: '{"id":1}' } }],
    [(turn) => turn.switchBot("orders"), { tag: "switch-bot", val: { name: "orders", value: "null" } }],
    [(turn) => turn.endSession("solved"), { tag: "end-session", val: "solved" }],
    [(turn) => turn.custom("poll", ["a"]), { tag: "custom", val: { name: "poll", value: '["a"]' } }],
  ];
  for (const [ask, expected] of cases) assert.deepEqual(effect(ask), expected);
});

test("attributes change in five ways", () => {
  const cases: [(turn: Turn<null>) => void, AttributeChange][] = [
    [(turn) => turn.setAttribute("plan", "gold"), { tag: "set", val: { name: "plan", value: '"gold"' } }],
    [(turn) => turn.unsetAttribute("plan"), { tag: "unset", val: "plan" }],
    [(turn) => turn.incrementAttribute("visits", -1), { tag: "increment", val: ["visits", -1] }],
    [(turn) => turn.addToAttribute("tags", "a"), { tag: "add", val: ["tags", "a"] }],
    [(turn) => turn.removeFromAttribute("tags", "a"), { tag: "remove", val: ["tags", "a"] }],
  ];
  for (const [ask, val] of cases) assert.deepEqual(effect(ask), { tag: "change-attribute", val });
});

test("effects come in the order they were asked for, and the last step counts", () => {
  const decision = decide((turn) => {
    turn.step("first");
    turn.note("1");
    turn.reply("2");
    turn.step("second");
  });
  assert.deepEqual(decision.effects.map(({ tag }) => tag), ["note", "reply"]);
  assert.equal(decision.step, "second");
  assert.equal(decide(() => {}).step, null);
});

test("what the contract cannot carry is refused where it is said", () => {
  const wrong: [(turn: Turn<null>) => unknown, RegExp][] = [
    [(turn) => turn.reply(undefined as unknown as string), /TypeError: reply: the text must be a string, not undefined/],
    [(turn) => turn.reply("a").choice("a", 1 as unknown as string), /choice: the title must be a string, not number/],
    [(turn) => turn.setAttribute("a", undefined), /setAttribute a: undefined cannot be written as JSON/],
    [(turn) => turn.incrementAttribute("a", 0.5), /RangeError: .* whole number from -2147483648 to 2147483647, not 0.5/],
    [(turn) => turn.startTimer("t", { seconds: -1 }), /startTimer: the delay must not be negative/],
    [(turn) => turn.startTimer("t", { seconds: NaN }), /startTimer: the delay must not be negative/],
    [(turn) => turn.handoff("a").priority("asap" as "high"), /priority must be one of low, normal, high, urgent, not asap/],
    [(turn) => turn.request("a", "/").whileWaiting("wait" as "hold"), /whileWaiting must be one of deliver, hold, cancel/],
  ];
  for (const [ask, message] of wrong) {
    const error = failure(() => decide(ask));
    assert.equal(error.tag, "other");
    assert.match(error.val, message);
  }
});
