/** Values in words, for logs and errors. */

/** What was thrown, with its stack and its causes. */
export function explain(thrown: unknown, causesMax = 5): string {
  if (!(thrown instanceof Error)) return typeof thrown === "string" ? thrown.toWellFormed() : `thrown: ${show(thrown)}`;
  const named = `${thrown.name}: ${thrown.message}`;
  // That it is an error goes without saying.
  const head = thrown.name === "Error" ? thrown.message : named;
  const stack = String(thrown.stack ?? "").trimEnd();
  // V8 begins the stack with the message, QuickJS leaves it out.
  const calls = stack.startsWith(named) ? stack.slice(named.length) : `\n${stack}`;
  const more = thrown.cause !== undefined && causesMax > 0;
  const cause = more ? `\ncaused by: ${explain(thrown.cause, causesMax - 1)}` : "";
  return (head + calls.trimEnd() + cause).toWellFormed();
}

/** As `console` shows it: text as it is, an error with its stack, the rest as JSON where it has any. */
export function show(value: unknown): string {
  if (typeof value === "string") return value.toWellFormed();
  if (value instanceof Error) return explain(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
