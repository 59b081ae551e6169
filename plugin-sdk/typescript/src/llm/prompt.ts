/** The request: what the model is to know, and what it may do. */

import type { Request } from "../effects.ts";
import { stringify } from "../json.ts";
import { text } from "../text.ts";
import type { Turn } from "../turn.ts";
import type { Memory } from "./memory.ts";
import type { ChatMessage } from "./message.ts";
import { estimatedTokens, utf8Bytes } from "./tokens.ts";

/** Below the connection's base URL, which ends in the API's version: `https://api.openai.com/v1`. */
const PATH = "/chat/completions";
/** Long answers take their time; the connection's own limit holds where it is shorter. */
const TIMEOUT_SECONDS = 60;

/** Something the model may ask for. */
export interface Tool {
  /** Letters, digits, `_` and `-`. */
  name: string;
  /** For the model: what it does, and when to use it. */
  description: string;
  /** JSON Schema of the arguments. */
  parameters: object;
}

/** A chat-completions request. Written as JSON it is the request's body; {@link ask} sends it. */
export class Prompt {
  readonly #model: string;
  readonly #messages: readonly ChatMessage[];
  readonly #tools: Tool[] = [];
  readonly #facts: string[] = [];
  #system: string | undefined;
  #wordsOnly = false;
  readonly #parameters: Record<string, unknown> = {};

  /** What is remembered, for this model to go on with. */
  constructor(model: string, memory: Memory) {
    this.#model = text(model, "Prompt: the model");
    this.#messages = [...memory.messages];
  }

  /**
   * Who the model is and what it must keep to. Nothing that a user can set belongs in here, not even a name: the model would
   * obey it.
   */
  system(words: string): this {
    this.#system = text(words, "system: the text");
    return this;
  }

  /** Facts for the model to know but not to obey, before everything that was said: a user's message, not kept. */
  facts(words: string): this {
    this.#facts.push(text(words, "facts: the text"));
    return this;
  }

  /** What the model may ask for; one it asks for is in {@link Answer.calls}. */
  tools(tools: Iterable<Tool>): this {
    this.#tools.push(...tools);
    return this;
  }

  /** Has the model answer in words now, whatever tools there are. */
  withoutCalls(): this {
    this.#wordsOnly = true;
    return this;
  }

  /** From 0, the same again and again, to 2. Some models take none. */
  temperature(temperature: number): this {
    return this.parameter("temperature", temperature);
  }

  /** How long the answer may be. Newer models of OpenAI want it as a {@link parameter} `max_completion_tokens` instead. */
  maxTokens(tokens: number): this {
    return this.parameter("max_tokens", tokens);
  }

  /** Anything else that the endpoint understands. */
  parameter(name: string, value: unknown): this {
    this.#parameters[text(name, "parameter: the name")] = value;
    return this;
  }

  /** The request's body. */
  toJSON(): object {
    const system = this.#system === undefined ? [] : [{ role: "system", content: this.#system }];
    const facts = this.#facts.map((content) => ({ role: "user", content }));
    const tools = this.#tools.map(({ name, description, parameters }) => ({
      type: "function",
      function: { name, description, parameters },
    }));
    return {
      model: this.#model,
      messages: [...system, ...facts, ...this.#messages],
      // Without tools an endpoint refuses a choice among them.
      ...(tools.length > 0 && { tools, ...(this.#wordsOnly && { tool_choice: "none" }) }),
      ...this.#parameters,
    };
  }

  /** Roughly what this costs before there is an answer. */
  estimatedTokens(): number {
    return estimatedTokens(utf8Bytes(stringify(this, "prompt")));
  }

  /**
   * Sends it through this connection; the answer is a turn of its own. A message of the user's meanwhile gives the request up,
   * so that what was written in two messages is answered once; the builder can say otherwise.
   */
  ask<State>(turn: Turn<State>, connection: string): Request {
    return turn.request(connection, PATH).json(this).timeoutSeconds(TIMEOUT_SECONDS).whileWaiting("cancel");
  }
}
