/** What was said, in the shape that both the endpoint and the state have. */

import { parse } from "../json.ts";
import { trim } from "../text.ts";

/**
 * One message of a conversation with a model. There is none for the system prompt: it is the plugin's and of today, while these
 * are kept.
 */
export type ChatMessage =
  /** What the user wrote, and whatever else is not to be obeyed. */
  | { role: "user"; content: string }
  /** What the model answered: words, calls, or both. */
  | { role: "assistant"; content: string | null; tool_calls?: ToolCall[] }
  /** What a call of the assistant message before it came to. */
  | { role: "tool"; tool_call_id: string; content: string };

/** The model asks for a tool to be used. */
export interface ToolCall {
  /** The model's name for this call; its result goes under it. */
  id: string;
  type: "function";
  /** The tool's name, and its arguments as JSON text, as far as the model kept to it; {@link readArguments} reads them. */
  function: { name: string; arguments: string };
}

/**
 * The arguments of a call. Check them like anything a stranger typed: what the user writes can talk a model into much. Throws
 * where they are no JSON; tell the model so in the call's result, and it usually does better.
 */
export function readArguments(call: ToolCall): unknown {
  const { name, arguments: text } = call.function;
  return parse(trim(text) === "" ? "{}" : text, `${name}'s arguments`);
}
