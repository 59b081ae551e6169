import assert from "node:assert/strict";
import { test } from "node:test";

import { Dice, seedMathRandom } from "../src/random.ts";
import { decide } from "./support.ts";

const ENDS = [6, 6, 6, 6, 100, 1000, 1_000_000, 0xffff_ffff, 0xffff_ffff, 3, 3, 3];

// What the Rust SDK's `random_below` draws for the same ends.
const DRAWN: [seed: number, numbers: number[]][] = [
  [0, [5, 2, 0, 5, 10, 327, 173867, 3313767226, 1055225999, 2, 1, 2]],
  [1, [3, 4, 5, 2, 44, 762, 877348, 2246556429, 1226250461, 2, 1, 1]],
  [7, [2, 0, 5, 3, 45, 249, 467953, 1409078864, 576635001, 1, 0, 2]],
  [0xffff_ffff, [2, 2, 5, 0, 71, 981, 452211, 3194348479, 602453581, 0, 1, 0]],
];

test("a seed draws the same numbers as in Rust", () => {
  for (const [seed, numbers] of DRAWN) {
    decide((turn) => assert.deepEqual(ENDS.map((end) => turn.randomBelow(end)), numbers), { seed });
    decide((turn) => {
      const options = ["a", "b", "c", "d", "e", "f"];
      assert.equal(turn.pick(options), options[numbers[0]!]);
    }, { seed });
  }
});

test("a seed that the engine takes for a negative number is the same seed", () => {
  decide((turn) => {
    assert.equal(turn.context.seed, 0xffff_ffff);
    assert.deepEqual(ENDS.map((end) => turn.randomBelow(end)), DRAWN[3]![1]);
  }, { seed: -1 });
  assert.equal(new Dice(-1, 1).fraction(), new Dice(0xffff_ffff, 1).fraction());
});

test("nothing is below zero, and there is none to pick from nothing", () => {
  decide((turn) => {
    assert.equal(turn.randomBelow(0), 0);
    assert.throws(() => turn.pick([]), RangeError);
    assert.throws(() => turn.randomBelow(1.5), RangeError);
    assert.throws(() => turn.randomBelow(-1), RangeError);
  });
});

test("Math.random repeats with its seed, and is not the turn's own sequence", () => {
  const { random } = Math;
  try {
    const draw = (seed: number): number[] => {
      seedMathRandom(seed);
      return Array.from({ length: 20 }, () => Math.random());
    };
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
    assert.ok(draw(3).every((fraction) => fraction >= 0 && fraction < 1));
    const own = new Dice(1);
    assert.notDeepEqual(draw(1), Array.from({ length: 20 }, () => own.fraction()));
  } finally {
    Math.random = random;
  }
});
