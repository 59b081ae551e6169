/** What the host gives a component. */
declare module "turnwise:bot/log@0.1.0" {
  /** How much a line matters. */
  export type Level = "debug" | "info" | "warn" | "error";

  /** Writes one line to the turn's log. */
  export function write(level: Level, message: string): void;
}
