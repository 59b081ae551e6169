/** Text as the contract and the other languages' SDKs understand it. */

/** Checks what a JavaScript caller hands in, and mends what UTF-8 cannot say: half a character, as `slice` may leave it. */
export function text(value: string, what: string): string {
  if (typeof value !== "string") throw new TypeError(`${what} must be a string, not ${value === null ? "null" : typeof value}`);
  return value.isWellFormed() ? value : value.toWellFormed();
}

/** Checks a whole number and its bounds. */
export function integer(value: number, min: number, max: number, what: string): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${what} must be a whole number from ${min} to ${max}, not ${value}`);
}

/** Without white space around it, where white space is what Unicode says (`String.trim` differs in two characters). */
export function trim(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isWhiteSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** Unicode's White_Space; all of it is in the basic plane. */
function isWhiteSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return unit === 0x85 || unit === 0xa0 || unit === 0x1680 || (unit >= 0x2000 && unit <= 0x200a) ||
    unit === 0x2028 || unit === 0x2029 || unit === 0x202f || unit === 0x205f || unit === 0x3000;
}
