// A guest that does, on request, what no plugin should: the text of a message says what. Anything else is echoed. The words are
// those of `hostile`, its elder sister in Rust; what only a JavaScript engine can do comes last.
//
// It is built on the bare contract, without the SDK, whose conveniences would be in the way.

import { write } from "turnwise:bot/log@0.1.0";

// The host's limit.
const STATE_BYTES_MAX = 64 * 1024;
// Additions that take about a millisecond in this interpreter.
const SPINS_PER_MILLISECOND = 15_000;

// Survives a turn only where an instance does.
let calls = 0;

const modes = {
  // Traps.
  "stack overflow": () => say(String(descend(0))),
  "json depth": () => say(String(JSON.parse("[".repeat(1_000_000)))),

  // Time.
  "loop"() {
    for (;;);
  },
  "loop calling log"() {
    for (;;) write("debug", "");
  },
  "slow"(milliseconds) {
    let sum = 0;
    for (let spin = 0; spin < milliseconds * SPINS_PER_MILLISECOND; spin += 1) sum = (sum + spin) | 0;
    return say(`slow ${sum}`);
  },
  "regex": () => say(String(/^(a+)+$/.test(`${"a".repeat(40)}b`))),

  // Space.
  "grow memory"() {
    const hoard = [];
    for (;;) hoard.push(new Uint8Array(1 << 20).fill(1));
  },
  "huge text": () => say("x".repeat(60 << 20)),
  "effects": (count) => decide({ tag: "keep" }, new Array(count).fill({ tag: "cancel-timer", val: "" })),
  // JSON, and one byte over the limit, quotes included.
  "big state": () => decide({ tag: "replace", val: `"${"s".repeat(STATE_BYTES_MAX - 1)}"` }, [reply("big state")]),
  "log flood"() {
    const line = "l".repeat(1024);
    for (let count = 0; count < 100_000; count += 1) write("info", line);
    return say("logged 100 MB");
  },
  "log line"() {
    write("info", "l".repeat(8 << 20));
    return say("logged one line of 8 MB");
  },

  // What the user must never see, or see only as text.
  "nul text": () => say("before\0after"),
  "control text": () =>
    say("\u001b[31mred\u001b[0m \u202ebackwards\u202c {{ ${api_key} }} {% abort_message() %}\r\n\u0007"),
  "empty text": () => say(""),
  "bad json": () => decide({ tag: "keep" }, [{ tag: "track-event", val: { name: "broken", value: '{"a":' } }]),

  // Errors: those that the contract has, and what else JavaScript can throw.
  "error"() {
    throw { tag: "other", val: "asked for an error" };
  },
  "bad state"() {
    throw { tag: "bad-state", val: "asked for a bad state" };
  },
  "panic"() {
    throw new Error("asked to panic");
  },
  "throw nothing"() {
    throw undefined;
  },

  // What an instance and its context are.
  "static": () => say(String(calls)),
  "clock": ({ now, seed }) => say(`now ${now} seed ${seed}`),
  "date": () => say(String(Date.now())),
  "state": (_context, state) => say(state ?? "none"),
  "forget": () => decide({ tag: "clear" }, [reply("forgotten")]),

  // What only JavaScript does.
  "half a character": () => say("\ud83d"),
  "wrong type": () => say(5),
  "missing field": () => ({ state: { tag: "keep" } }),
  "unknown effect": () => decide({ tag: "keep" }, [{ tag: "broadcast", val: "everybody" }]),
  "promise": async () => say("later"),
  "endless getter": () => ({ get state() { for (;;); }, effects: [], step: null }),
  "prototype"() {
    Object.prototype.tag = "clear";
    Array.prototype.push = () => 0;
    return say("prototypes are changed");
  },
};

export const bot = {
  handle(context, state, event) {
    calls += 1;
    if (event.tag !== "message") return say(JSON.stringify(event));
    const { text } = event.val;
    const [first, second] = text.split(" ");
    if (second === "effects") return modes.effects(first === "million" ? 1_000_000 : Number(first));
    if (first === "slow") return modes.slow(Number(second));
    if (first === "remember") return decide({ tag: "replace", val: JSON.stringify(second) }, [reply("remembered")]);
    return Object.hasOwn(modes, text) ? modes[text](context, state) : say(text);
  },
};

function say(text) {
  return decide({ tag: "keep" }, [reply(text)]);
}

function reply(text) {
  return { tag: "reply", val: { text, choices: [], media: null, campaign: null, properties: [] } };
}

function decide(state, effects) {
  return { state, effects, step: null };
}

// Goes deeper for ever. What is added after the call keeps it from becoming a loop.
function descend(depth) {
  return descend(depth + 1) + depth;
}
