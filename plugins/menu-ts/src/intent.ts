/** What a message asks for, by the button tapped or else by its words. */

import type { Message } from "turnwise-plugin";

import { findNumber } from "./order.ts";
import { words } from "./text.ts";

const INTENTS = ["menu", "agent", "stop", "done", "order", "hours"] as const;

export type Intent = (typeof INTENTS)[number];

export function intentOf(message: Message): Intent | undefined {
  // There is no button for "stop".
  const tapped = INTENTS.find((intent) => intent !== "stop" && message.chose(intent));
  return tapped ?? intentOfText(message.text.toLowerCase());
}

function intentOfText(text: string): Intent | undefined {
  const said = words(text);
  const has = (...wanted: string[]) => said.some((word) => wanted.includes(word));
  const is = (...wanted: string[]) => said.length === 1 && has(...wanted);
  if (has("agent", "human")) return "agent";
  if (is("menu", "back", "help", "restart")) return "menu";
  if (is("stop")) return "stop";
  // "Where is order 12345?" is answered by what takes the number.
  if (findNumber(text)) return undefined;
  if (has("order", "orders", "package", "parcel", "delivery")) return "order";
  if (has("hours", "open", "opening")) return "hours";
  return undefined;
}
