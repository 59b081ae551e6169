/** What came back, where it is an answer. */

import type { Response } from "../events.ts";
import { trim } from "../text.ts";
import { Failure } from "./failure.ts";
import type { ChatMessage, ToolCall } from "./message.ts";
import { field, list } from "./read.ts";

/**
 * Why an answer ends where it ends: it was all said, its limit was reached in the middle, for the results of its calls, or a
 * reason of the endpoint's own.
 */
export type Finish = "stop" | "length" | "tool-calls" | (string & {});

/** Tokens that one request took. */
export interface Usage {
  /** Of the prompt. */
  readonly promptTokens: number;
  /** Of the answer. */
  readonly completionTokens: number;
}

/** What the model said. There are words, calls or a refusal in it, often words beside calls. */
export class Answer {
  /** Without white space around it; empty where there are only calls or a refusal. */
  readonly text: string;
  /** What the model asks for, in its order. Each wants a result before the model is asked again. */
  readonly calls: readonly ToolCall[];
  /** Where the model declines, what it says about that. */
  readonly refusal: string | null;
  /** Why it ends here. */
  readonly finish: Finish;
  /** What it took, where the endpoint says so. */
  readonly usage: Usage | null;

  constructor({ text = "", calls = [], refusal = null, finish = "stop", usage = null }: Partial<Omit<Answer, "message">>) {
    this.text = text;
    this.calls = calls;
    this.refusal = refusal;
    this.finish = finish;
    this.usage = usage;
  }

  /** Reads the response to a {@link Prompt}. Throws a {@link Failure} where there is no answer in it. */
  static read({ outcome }: Response): Answer {
    if (outcome.tag === "err") throw Failure.ofError(outcome.val);
    const response = outcome.val;
    if (response.status < 200 || response.status > 299) throw Failure.ofStatus(response);
    let body: unknown;
    try {
      body = JSON.parse(response.body);
    } catch {
      // Without a word of what is there: logs are kept longer than conversations.
      throw new Failure("unreadable", "the answer is no JSON");
    }
    const usage = usageOf(field(body, "usage"));
    const choice = list(field(body, "choices"))[0];
    const message = field(choice, "message");
    if (message === undefined) throw new Failure("unreadable", "the answer is no chat completion");
    const words = trim(wordsOf(field(message, "content")));
    const calls = distinct(list(field(message, "tool_calls")).map(callOf));
    const refusal = wordsOf(field(message, "refusal"));
    const reason = field(choice, "finish_reason");
    if (reason === "content_filter" && words === "") throw new Failure("filtered", "the answer was held back", { usage });
    if (words === "" && calls.length === 0 && trim(refusal) === "") {
      throw new Failure("unreadable", "there is nothing in the answer", { usage });
    }
    return new Answer({ text: words, calls, refusal: trim(refusal) === "" ? null : refusal, finish: finishOf(reason), usage });
  }

  /** As it is remembered. */
  message(): ChatMessage {
    const words = this.text !== "" ? this.text : (this.refusal ?? (this.calls.length === 0 ? "" : null));
    const calls = this.calls.map((call) => ({ ...call, function: { ...call.function } }));
    return { role: "assistant", content: words, ...(calls.length > 0 && { tool_calls: calls }) };
  }
}

/** A text, or a list of parts of which those of text are joined. */
function wordsOf(content: unknown): string {
  if (typeof content === "string") return content;
  return list(content).map((part) => field(part, "text")).filter((text) => typeof text === "string").join("");
}

function callOf(call: unknown): ToolCall {
  const called = field(call, "function");
  const [id, name, given] = [field(call, "id"), field(called, "name"), field(called, "arguments")];
  if (typeof name !== "string") throw new Failure("unreadable", "a call names no tool");
  // The documented shape is JSON in a text; some servers send the JSON itself.
  const text = typeof given === "string" ? given : JSON.stringify(given ?? {});
  return { id: typeof id === "string" ? id : "", type: "function", function: { name, arguments: text } };
}

/** A call without a name of its own gets one: two calls with the same could not be told apart. */
function distinct(calls: ToolCall[]): ToolCall[] {
  const known = new Set<string>();
  for (const [at, call] of calls.entries()) {
    if (call.id === "" || known.has(call.id)) call.id = `${call.id}call_${at}`;
    known.add(call.id);
  }
  return calls;
}

function finishOf(reason: unknown): Finish {
  if (reason === "tool_calls" || reason === "function_call") return "tool-calls";
  return typeof reason === "string" ? reason : "stop";
}

function usageOf(usage: unknown): Usage | null {
  if (typeof usage !== "object" || usage === null) return null;
  const tokens = (name: string) => {
    const count = field(usage, name);
    return typeof count === "number" ? count : 0;
  };
  return { promptTokens: tokens("prompt_tokens"), completionTokens: tokens("completion_tokens") };
}
