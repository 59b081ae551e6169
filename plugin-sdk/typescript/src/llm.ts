/**
 * Chat completions: what a plugin needs to let a language model answer.
 *
 * Any endpoint that speaks OpenAI's chat completions will do. It is called like every other system: by a request through a
 * connection of the configuration, which holds the key and the address, and its answer is a turn of its own. This module only
 * builds the request and reads the answer; it keeps nothing by itself.
 *
 * ```ts
 * import { definePlugin } from "turnwise-plugin";
 * import { Answer, type ChatMessage, Memory, Prompt } from "turnwise-plugin/llm";
 *
 * export default definePlugin({
 *   state: () => ({ messages: [] as ChatMessage[] }),
 *   connections: ["llm"],
 *   onMessage(turn, message) {
 *     const memory = new Memory(turn.state.messages);
 *     memory.user(message.text);
 *     memory.trim(2_000);
 *     new Prompt("gpt-4o-mini", memory).system("You are a shop's assistant.").ask(turn, "llm");
 *   },
 *   onResponse(turn, response) {
 *     try {
 *       const answer = Answer.read(response);
 *       new Memory(turn.state.messages).answer(answer);
 *       turn.reply(answer.text);
 *     } catch (failure) {
 *       console.warn(String(failure));
 *       turn.reply("Sorry, I can't answer right now.");
 *     }
 *   },
 * });
 * ```
 */

export { Answer, type Finish, type Usage } from "./llm/answer.ts";
export { Failure, type FailureKind } from "./llm/failure.ts";
export { Memory } from "./llm/memory.ts";
export { type ChatMessage, readArguments, type ToolCall } from "./llm/message.ts";
export { Prompt, type Tool } from "./llm/prompt.ts";
export { type Caps, costMicros, type Prices, Spending, type SpendingRecord } from "./llm/spending.ts";
export { split } from "./llm/split.ts";
export { estimatedTokens } from "./llm/tokens.ts";
