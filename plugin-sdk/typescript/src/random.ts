/** The turn's randomness: the same numbers from the same seed, in every language's SDK. */

const MASK = 0xffff_ffff_ffff_ffffn;

/** SplitMix64: small, and good from any seed, zero included. Not for secrets. */
export class Dice {
  #state: bigint;

  /** Sequences of one seed differ by their number; the turn's own is 0. */
  constructor(seed: number, sequence = 0) {
    this.#state = (BigInt(sequence) << 32n) | BigInt(seed >>> 0);
  }

  /** A whole number below `end`, zero where `end` is zero. */
  below(end: number): number {
    // The high half of a 32-by-32 bit product maps the number into the range without a division.
    return Number(((this.#next() >> 32n) * BigInt(end)) >> 32n);
  }

  /** As `Math.random`: at least 0, below 1. */
  fraction(): number {
    const mixed = this.#next();
    return Number((mixed ^ (mixed >> 31n)) >> 11n) / 2 ** 53;
  }

  #next(): bigint {
    this.#state = (this.#state + 0x9e37_79b9_7f4a_7c15n) & MASK;
    let mixed = this.#state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & MASK;
    return ((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn) & MASK;
  }
}

let dice = new Dice(0, 1);

/** Has `Math.random` draw from the turn's seed, beside the turn's own sequence. */
export function seedMathRandom(seed: number): void {
  dice = new Dice(seed, 1);
  Math.random = mathRandom;
}

function mathRandom(): number {
  return dice.fraction();
}
