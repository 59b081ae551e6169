/** JSON text in and out, with errors that name what it is. */

/** Reads JSON text. */
export function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new Error(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/** JSON text of a value that has one, and that every JSON reader accepts. */
export function stringify(value: unknown, what: string): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`${what}: ${kind(value)} cannot be written as JSON`);
  return json.includes("\\ud") ? mend(json) : json;
}

/** What JSON calls it. */
export function kind(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

// Half of a character, as `slice` may leave it, is written as an escape that strict readers refuse.
function mend(json: string): string {
  return json.replace(/\\(?:u(d[89a-f])..|.)/g, (escape, half: string | undefined) => (half ? "\\ufffd" : escape));
}
