/** The helper for chat completions, held to the cases that all SDKs share. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { HttpResponse, type RequestError, type Response } from "../src/events.ts";
import { Answer, type ChatMessage, Failure, Memory, Prompt, readArguments, Spending, type SpendingRecord, split, type ToolCall } from "../src/llm.ts";
import { effect } from "./support.ts";

interface Cases {
  answers: {
    name: string;
    ok?: { status: number; headers?: [string, string][]; body: unknown };
    err?: [tag: string, val?: string];
    answer?: { text: string; finish: string; calls?: [string, string, string][]; refusal?: string; usage?: [number, number] };
    failure?: { kind: string; passing: boolean; retry_after_ms?: number; usage?: [number, number]; text?: string };
  }[];
  memories: {
    name: string;
    steps: [string, ...(string | number)[]][];
    kept: string[];
    open?: string[];
    tokens?: number;
    arguments?: string[];
  }[];
  spendings: {
    prices: { input: number; output: number };
    steps: { now: number; usage: [number, number]; spending: number[] }[];
    caps: { caps: object; spent: boolean }[];
  };
  splits: { text: string; chars_max: number; parts_max: number; parts: string[] }[];
}

// npm runs the tests in the project's folder.
const cases = JSON.parse(await readFile("../tests/llm.json", "utf8")) as Cases;

function response({ ok, err }: Cases["answers"][number]): Response {
  if (!ok) return { id: "answer", outcome: { tag: "err", val: { tag: err?.[0], val: err?.[1] } as RequestError } };
  const body = typeof ok.body === "string" ? ok.body : JSON.stringify(ok.body);
  const val = Object.setPrototypeOf({ status: ok.status, headers: ok.headers ?? [], body }, HttpResponse.prototype);
  return { id: "answer", outcome: { tag: "ok", val } };
}

for (const example of cases.answers) {
  test(`an answer: ${example.name}`, () => {
    let read: Answer | Failure;
    try {
      read = Answer.read(response(example));
    } catch (failure) {
      read = failure as Failure;
    }
    const usage = read.usage && [read.usage.promptTokens, read.usage.completionTokens];
    if (read instanceof Failure) {
      const { kind, isPassing: passing, retryAfterMs, message } = read;
      const { text = message, usage: used = null, retry_after_ms = null, ...expected } = example.failure ?? assert.fail(message);
      assert.deepEqual({ kind, passing }, expected);
      assert.deepEqual([message, usage, retryAfterMs], [text, used, retry_after_ms]);
    } else {
      const calls = read.calls.map((call) => [call.id, call.function.name, call.function.arguments]);
      const { refusal = null, usage: used = null, calls: called = [], ...expected } = example.answer ?? assert.fail("it is read");
      assert.deepEqual({ text: read.text, finish: read.finish }, expected);
      assert.deepEqual([read.refusal, usage, calls], [refusal, used, called]);
    }
  });
}

function call(id: string, args = "{}"): ToolCall {
  return { id, type: "function", function: { name: "t", arguments: args } };
}

function take(memory: Memory, [what, ...words]: [string, ...(string | number)[]]): void {
  const [first = "", second = ""] = words.map(String);
  switch (what) {
    case "user":
      return memory.user(first);
    case "assistant":
      return memory.assistant(first);
    case "words":
      return memory.answer(new Answer({ text: first }));
    case "calls":
      return memory.answer(new Answer({ calls: words.map((id) => call(String(id))) }));
    case "call_with":
      return memory.answer(new Answer({ calls: [call(first, second)] }));
    case "tool_result":
      return memory.toolResult(first, second);
    case "trim":
      return memory.trim(Number(first));
    case "forget_last_exchange":
      return memory.forgetLastExchange();
    default:
      throw new Error(`${what} is no step`);
  }
}

function line(message: ChatMessage): string {
  const ids = message.role === "assistant" ? (message.tool_calls ?? []).map(({ id }) => id) : [];
  const of = message.role === "tool" ? [message.tool_call_id] : [];
  return [message.role, ...of, ...(message.content === null ? [] : [message.content]), ...ids].join(" ");
}

for (const example of cases.memories) {
  test(`a memory: ${example.name}`, () => {
    const memory = new Memory([]);
    for (const step of example.steps) take(memory, step);
    assert.deepEqual(memory.messages.map(line), example.kept);
    if (example.open) assert.deepEqual(memory.openCalls().map(({ id }) => id), example.open);
    if (example.tokens !== undefined) assert.equal(memory.estimatedTokens(), example.tokens);
    const calls = memory.messages.flatMap((message) => (message.role === "assistant" ? (message.tool_calls ?? []) : []));
    if (example.arguments) assert.deepEqual(calls.map((call) => call.function.arguments), example.arguments);
  });
}

test("spending is counted by the day in UTC", () => {
  const { prices, steps, caps } = cases.spendings;
  const record: SpendingRecord = {};
  for (const { now, usage: [promptTokens, completionTokens], spending: expected } of steps) {
    const spending = new Spending(record, now);
    spending.asked();
    spending.add({ promptTokens, completionTokens }, prices);
    assert.deepEqual([record.day, record.requests, record.tokens, record.micros], expected);
  }
  const now = steps.at(-1)?.now ?? 0;
  for (const { caps: some, spent } of caps) assert.equal(new Spending(record, now).isSpent(some), spent, JSON.stringify(some));
});

test("long texts are divided where they read well", () => {
  for (const { text, chars_max, parts_max, parts } of cases.splits) assert.deepEqual(split(text, chars_max, parts_max), parts);
  assert.deepEqual(split("ab", 0, 3), ["a", "b"], "it ends even where there is no room");
});

test("a prompt is the documented request, given up when the user writes", () => {
  const memory = new Memory([]);
  memory.user("where is A-12345?");
  memory.answer(new Answer({ calls: [call("c1")] }));
  memory.toolResult("c1", "{}");
  const tool = { name: "t", description: "Does it.", parameters: { type: "object" } };
  const asked = effect((turn) =>
    new Prompt("m", memory).facts("{}").system("Be brief.").tools([tool]).withoutCalls().temperature(0.5).maxTokens(100)
      .parameter("seed", 7).ask(turn, "llm").id("answer-1")
  );
  assert.equal(asked.tag, "request");
  const { body, ...request } = asked.val as { body: string };
  assert.deepEqual(request, {
    id: "answer-1", connection: "llm", method: "POST", path: "/chat/completions", headers: [["content-type", "application/json"]],
    timeout: 60, whileWaiting: "cancel",
  });
  assert.deepEqual(JSON.parse(body), {
    model: "m",
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "{}" },
      { role: "user", content: "where is A-12345?" },
      {
        role: "assistant", content: null,
        tool_calls: [{ id: "c1", type: "function", function: { name: "t", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "c1", content: "{}" },
    ],
    tools: [{ type: "function", function: { name: "t", description: "Does it.", parameters: { type: "object" } } }],
    tool_choice: "none",
    temperature: 0.5,
    max_tokens: 100,
    seed: 7,
  });
  assert.equal(JSON.stringify(new Prompt("m", new Memory([])).withoutCalls()), '{"model":"m","messages":[]}');
});

test("arguments of a call are read, and what is no JSON says so", () => {
  assert.deepEqual(readArguments(call("c", '{"number":"A-1"}')), { number: "A-1" });
  assert.deepEqual(readArguments(call("c", " ")), {});
  assert.throws(() => readArguments(call("c", '{"number":')), /t's arguments: /);
});
