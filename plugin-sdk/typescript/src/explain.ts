/** Values in words, for logs and errors. */

/** What was thrown, with its stack and its causes. */
export function explain(thrown: unknown, causesMax = 5): string {
  if (!(thrown instanceof Error)) return typeof thrown === "string" ? thrown.toWellFormed() : `thrown: ${show(thrown)}`;
  const head = `${thrown.name}: ${thrown.message}`;
  const stack = String(thrown.stack ?? "").trimEnd();
  // QuickJS leaves the message out of the stack, V8 begins with it.
  const text = stack.startsWith(head) ? stack : `${head}\n${stack}`.trimEnd();
  const more = thrown.cause !== undefined && causesMax > 0;
  const cause = more ? `\ncaused by ${explain(thrown.cause, causesMax - 1)}` : "";
  return (text + cause).toWellFormed();
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
