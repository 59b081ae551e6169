import assert from "node:assert/strict";
import { test } from "node:test";

import { runFolder } from "turnwise-plugin/testing";

import menu from "./menu.ts";
import { findNumber, isProof } from "./order.ts";

test("transcripts", () => runFolder(menu, "tests"));

test("order numbers are found in what people write", () => {
  const cases: [text: string, number: string | undefined][] = [
    ["A-12345", "A-12345"],
    ["a12345", "A-12345"],
    ["It's #b-54321, thanks!", "B-54321"],
    ["12345", "12345"],
    ["12345678", "12345678"],
    ["1234", undefined],
    ["123456789", undefined],
    ["A-123456", undefined],
    ["AB-12345", undefined],
    ["A--12345", undefined],
    ["١٢٣٤٥", undefined],
    ["", undefined],
    ["-", undefined],
  ];
  for (const [text, number] of cases) assert.equal(findNumber(text), number, text);
});

test("a postcode or an address is proof", () => {
  for (const text of ["10115", "SW1A 1AA", "1010-234", " sam@example.com ", "agent@shop.example"]) {
    assert.ok(isProof(text), text);
  }
  for (const text of ["", "no", "I don't know", "sam@", "@example.com", "sam@example", "a b@example.com", "12345678901"]) {
    assert.ok(!isProof(text), text);
  }
});
