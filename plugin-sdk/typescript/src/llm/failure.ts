/** What came back, where it is no answer. */

import type { HttpResponse, RequestError } from "../events.ts";
import type { Usage } from "./answer.ts";
import { field } from "./read.ts";

/** What a failure means for what can be done about it. */
export type FailureKind =
  /** No connection of this name, no grant for it, or a key that is refused. Only a person can change that. */
  | "denied"
  /** The account behind the key has nothing left to spend. */
  | "quota-spent"
  /** Too many requests (429): later it will do. */
  | "rate-limited"
  /** The endpoint is in trouble (5xx). */
  | "overloaded"
  /** No answer in time. */
  | "timed-out"
  /** No connection, or it broke. */
  | "unreachable"
  /** The answer is larger than the connection allows. */
  | "too-large"
  /** What came is no chat completion: cut off, a web page, empty. */
  | "unreadable"
  /** The prompt is longer than the model can read: a shorter one would do. */
  | "too-long"
  /** The prompt or the answer was held back by a content filter. */
  | "filtered"
  /** The endpoint does not take the request as it is: no such model, a parameter it does not know. */
  | "rejected";

const PASSING: readonly FailureKind[] = ["rate-limited", "overloaded", "timed-out", "unreachable", "unreadable"];

const WORDS: Record<FailureKind, string> = {
  denied: "the model may not be asked",
  "quota-spent": "the account's quota is spent",
  "rate-limited": "the model is asked too often",
  overloaded: "the endpoint is in trouble",
  "timed-out": "the model took too long",
  unreachable: "the endpoint cannot be reached",
  "too-large": "the answer is too large",
  unreadable: "the answer cannot be read",
  "too-long": "the prompt is too long for the model",
  filtered: "a content filter held it back",
  rejected: "the endpoint does not take the request",
};

/** Why there is no answer. It holds no word of the conversation, so it can be logged. */
export class Failure extends Error {
  /** What it means. */
  readonly kind: FailureKind;
  /** How long the endpoint asks to be left alone, in milliseconds, where it says so. */
  readonly retryAfterMs: number | null;
  /** What was used up all the same, where the endpoint says so. */
  readonly usage: Usage | null;

  constructor(
    kind: FailureKind,
    detail: string,
    { retryAfterMs = null, usage = null }: { retryAfterMs?: number | null; usage?: Usage | null } = {},
  ) {
    super(`${WORDS[kind]}: ${detail}`);
    this.name = "Failure";
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.usage = usage;
  }

  /** Whether the very same request may do better in a moment. */
  get isPassing(): boolean {
    return PASSING.includes(this.kind);
  }

  static ofError(error: RequestError): Failure {
    switch (error.tag) {
      case "denied":
        return new Failure("denied", error.val);
      case "timeout":
        return new Failure("timed-out", "no answer in time");
      case "unreachable":
        return new Failure("unreachable", error.val);
      case "too-large":
        return new Failure("too-large", "the answer is larger than the connection allows");
      case "other":
        return new Failure("unreadable", error.val);
    }
  }

  static ofStatus({ status, headers, body }: HttpResponse): Failure {
    const words = errorWords(body);
    const code = words[0];
    const detail = code === undefined ? `status ${status}` : `status ${status}, ${code}`;
    return new Failure(kindOf(status, words), detail, { retryAfterMs: retryAfterMs(headers) });
  }
}

function kindOf(status: number, words: readonly string[]): FailureKind {
  const is = (word: string) => words.includes(word);
  if (status === 401 || status === 403) return "denied";
  if (status === 402 || (status === 429 && is("insufficient_quota"))) return "quota-spent";
  if ([408, 409, 425, 429].includes(status)) return "rate-limited";
  if (status >= 500) return "overloaded";
  if (status === 413 || is("context_length_exceeded")) return "too-long";
  if (is("content_filter") || is("content_policy_violation")) return "filtered";
  return "rejected";
}

/** `{"error": {"code": …, "type": …}}`; what is in it differs from endpoint to endpoint. */
function errorWords(body: string): string[] {
  try {
    const error = field(JSON.parse(body), "error");
    return [field(error, "code"), field(error, "type")].filter((word) => typeof word === "string");
  } catch {
    return [];
  }
}

function retryAfterMs(headers: HttpResponse["headers"]): number | null {
  const number = (wanted: string) => {
    const found = headers.find(([name]) => name.toLowerCase() === wanted)?.[1].trim();
    return found !== undefined && /^\d+(\.\d+)?$/.test(found) ? Number(found) : null;
  };
  const seconds = number("retry-after");
  const milliseconds = number("retry-after-ms") ?? (seconds === null ? null : seconds * 1_000);
  return milliseconds === null || milliseconds > 1e12 ? null : Math.ceil(milliseconds);
}
