/** What a day has cost so far, and what it may. */

import type { Timestamp } from "../events.ts";
import type { Usage } from "./answer.ts";

const DAY_MS = 86_400_000;

/** As a state holds it; begin with `{}`. */
export interface SpendingRecord {
  /** Days since 1970-01-01, UTC. */
  day?: number;
  /** How often a model was asked. */
  requests?: number;
  /** Tokens, of prompts and answers together. */
  tokens?: number;
  /** Millionths of the prices' currency. */
  micros?: number;
}

/** What an endpoint takes for a million tokens of prompts and of answers, in any currency. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

/** What a day may cost; what is left out has no bound. */
export interface Caps {
  /** How often a model may be asked. */
  readonly requests?: number;
  /** Tokens, of prompts and answers together. */
  readonly tokens?: number;
  /** In the prices' currency. */
  readonly cost?: number;
}

/** What a request costs, in millionths of the currency. */
export function costMicros({ input, output }: Prices, { promptTokens, completionTokens }: Usage): number {
  // A price for a million tokens is as many millionths for one.
  return Math.ceil(Math.max(0, promptTokens * input + completionTokens * output));
}

/**
 * What was spent on the day (UTC) of the last request. It works on the record it is given, which is what the state holds; keep
 * it over the end of a session too.
 */
export class Spending {
  readonly #record: SpendingRecord;

  /** Begins anew where the day is another. */
  constructor(record: SpendingRecord, now: Timestamp) {
    this.#record = record;
    const day = Math.floor(now / DAY_MS);
    if (record.day !== day) Object.assign(record, { day, requests: 0, tokens: 0, micros: 0 });
  }

  /** A model is asked. */
  asked(): void {
    this.#record.requests = (this.#record.requests ?? 0) + 1;
  }

  /** What that took. */
  add(usage: Usage, prices: Prices): void {
    this.#record.tokens = (this.#record.tokens ?? 0) + usage.promptTokens + usage.completionTokens;
    this.#record.micros = (this.#record.micros ?? 0) + costMicros(prices, usage);
  }

  /**
   * Whether the day has cost what it may, or more. A request is known by its cost only afterwards, so the last one may go over.
   */
  isSpent(caps: Caps): boolean {
    const { requests = 0, tokens = 0, micros = 0 } = this.#record;
    const reached = (spent: number, cap: number | undefined) => cap !== undefined && spent >= cap;
    return reached(requests, caps.requests) || reached(tokens, caps.tokens) ||
      reached(micros, caps.cost === undefined ? undefined : caps.cost * 1e6);
  }
}
