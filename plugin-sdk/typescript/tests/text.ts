import assert from "node:assert/strict";
import { test } from "node:test";

import { stringify } from "../src/json.ts";
import { trim } from "../src/text.ts";
import { effect } from "./support.ts";

test("white space is what Unicode says", () => {
  const all = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000";
  assert.equal(trim(`${all}a b${all}`), "a b");
  assert.equal(trim(all), "");
  // JavaScript's own `trim` takes the byte order mark off and leaves the next line character.
  assert.equal(trim("\ufeffa\u200b"), "\ufeffa\u200b");
});

test("half a character becomes the replacement character", () => {
  const cut = "👋".slice(0, 1);
  assert.deepEqual(effect((turn) => turn.note(`${cut}!`)), { tag: "note", val: "\ufffd!" });
  assert.equal(stringify({ [cut]: ["👋", cut, "\\ud800", "\\\ud800"] }, "it"), '{"\\ufffd":["👋","\\ufffd","\\\\ud800","\\\\\\ufffd"]}');
});
