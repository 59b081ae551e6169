/**
 * Write Turnwise plugins in TypeScript and JavaScript.
 *
 * A plugin is a pure function: it is given a conversation's state and an event, and says what becomes of the state and
 * what is to be done. It has no clock, no network and no memory of its own; the {@link Turn} hands it all it may know and
 * collects all it asks for.
 *
 * ```ts
 * import { definePlugin } from "turnwise-plugin";
 *
 * export default definePlugin({
 *   onMessage(turn) {
 *     turn.reply("Hello! What can I do for you?").choice("order", "Order status").choice("agent", "An agent");
 *   },
 * });
 * ```
 *
 * `console.debug`, `log`, `info`, `warn` and `error` write to the turn's log; never write what the user typed. `new Date()`
 * and `Math.random()` follow the turn: a replay sees the same. There is no `fetch`, no timer and no file.
 */

import "./globals.ts";

export type { Campaign, Duration, Handoff, Reply, Request, Timer } from "./effects.ts";
export type {
  Author, Context, DeliveryFailure, DeskStatus, Event, HandoffReturn, HandoffUpdate, HttpResponse, Media, Message,
  NamedJson, RequestError, Response, TimerFired, Timestamp, TranscriptLine, User, UserAlias,
} from "./events.ts";
export { definePlugin, type Plugin, type PluginDefinition } from "./plugin.ts";
export type { Turn } from "./turn.ts";
export type { Priority, WhileWaiting } from "./wire.ts";
