/** What the model is told of the conversation so far, within a budget. */

import { stringify } from "../json.ts";
import { text } from "../text.ts";
import type { Answer } from "./answer.ts";
import type { ChatMessage, ToolCall } from "./message.ts";
import { estimatedTokens, utf8Bytes } from "./tokens.ts";

/** What a call's result says where nobody gave one. */
const NOT_DONE = '{"error":"not done: the user wrote meanwhile"}';
/** A text this short is not shortened: the ellipsis would be no gain. */
const SHORT_BYTES_MAX = 8;

/**
 * A conversation as it is kept in a state: what the user, the model and its tools said, and nothing else. It works on the list
 * it is given, which is what the state holds.
 *
 * It is always one that an endpoint accepts: each call of a tool is followed by its result, and each result follows its call. It
 * is made of *exchanges*, each from what the user wrote to where the user writes again; the oldest are forgotten first, and
 * always whole.
 */
export class Memory {
  /** Oldest first. */
  readonly messages: ChatMessage[];

  constructor(messages: ChatMessage[]) {
    this.messages = messages;
  }

  /** Whether nothing is remembered. */
  get isEmpty(): boolean {
    return this.messages.length === 0;
  }

  /** The user wrote. Calls that still have no result will never have one, which their results then say. */
  user(words: string): void {
    this.#closeCalls();
    this.messages.push({ role: "user", content: text(words, "user: the text") });
  }

  /** The model answered: with words, or with calls that {@link openCalls} lists from now on. */
  answer(answer: Answer): void {
    this.#closeCalls();
    this.messages.push(answer.message());
  }

  /** Something was said to the user that the model did not say, but has to know. */
  assistant(words: string): void {
    this.#closeCalls();
    this.messages.push({ role: "assistant", content: text(words, "assistant: the text") });
  }

  /** What a call came to. It is left out where no open call has this id: a result without a call is refused. */
  toolResult(callId: string, words: string): void {
    if (!this.openCalls().some(({ id }) => id === callId)) return;
    this.messages.push({ role: "tool", tool_call_id: callId, content: text(words, "toolResult: the text") });
  }

  /** Calls of the model's last answer that have no result yet. */
  openCalls(): ToolCall[] {
    const done = new Set<string>();
    let at = this.messages.length - 1;
    for (; at >= 0; at -= 1) {
      const message = this.messages[at] as ChatMessage;
      if (message.role !== "tool") break;
      done.add(message.tool_call_id);
    }
    const before = this.messages[at];
    return before?.role === "assistant" ? (before.tool_calls ?? []).filter(({ id }) => !done.has(id)) : [];
  }

  /** Roughly what this costs in a prompt. */
  estimatedTokens(): number {
    return this.messages.reduce((sum, message) => sum + estimatedTokens(utf8Bytes(stringify(message, "message"))), 0);
  }

  /**
   * Forgets the oldest exchanges until so many (estimated) tokens are left, which is at most four bytes of state each. The last
   * exchange stays; where it is too large by itself, its longest texts are shortened.
   */
  trim(tokensMax: number): void {
    while (this.estimatedTokens() > tokensMax) {
      const next = this.#exchangeStarts()[1];
      if (next === undefined) break;
      this.messages.splice(0, next);
    }
    while (this.estimatedTokens() > tokensMax && this.#shortenLongest());
  }

  /** Forgets the last exchange, e.g. because the endpoint refuses to read it. */
  forgetLastExchange(): void {
    this.messages.length = this.#exchangeStarts().at(-1) ?? 0;
  }

  /** Forgets everything. */
  clear(): void {
    this.messages.length = 0;
  }

  #closeCalls(): void {
    for (const { id } of this.openCalls()) this.toolResult(id, NOT_DONE);
  }

  #exchangeStarts(): number[] {
    const isUser = (at: number) => this.messages[at]?.role === "user";
    return [...this.messages.keys()].filter((at) => at === 0 || (isUser(at) && !isUser(at - 1)));
  }

  /** False where there is nothing left to shorten. */
  #shortenLongest(): boolean {
    const texts = this.messages.flatMap(textsOf);
    const lengths = texts.map(({ value }) => utf8Bytes(value));
    const length = Math.max(0, ...lengths);
    const longest = texts[lengths.indexOf(length)];
    if (longest === undefined || length <= SHORT_BYTES_MAX) return false;
    // Half of the arguments would be no JSON any more, and refused.
    if (longest.isJson) longest.put("{}");
    else {
      const characters = [...longest.value];
      longest.put(`${characters.slice(0, Math.floor(characters.length / 2)).join("")}…`);
    }
    return true;
  }
}

interface Text {
  value: string;
  isJson: boolean;
  put(text: string): void;
}

function textsOf(message: ChatMessage): Text[] {
  const texts: Text[] = [];
  if (message.content !== null) {
    texts.push({ value: message.content, isJson: false, put: (text) => void (message.content = text) });
  }
  if (message.role === "assistant") {
    for (const { function: called } of message.tool_calls ?? []) {
      texts.push({ value: called.arguments, isJson: true, put: (text) => void (called.arguments = text) });
    }
  }
  return texts;
}
