/** Words, as Unicode has them. JavaScript's `\s` and `trim` differ from its white space in two characters. */

/** The words of a text. Only punctuation around one is taken off: `agent@example.com` is not the word "agent". */
export function words(text: string): string[] {
  return split(text).map((word) => LETTERS_AND_DIGITS.exec(word)?.[0] ?? "");
}

/** What stands between white space. */
export function split(text: string): string[] {
  return text.match(/\P{White_Space}+/gu) ?? [];
}

/** Without white space around it. */
export function trim(text: string): string {
  return NOT_WHITE_SPACE.exec(text)?.[0] ?? "";
}

// From the first to the last: a greedy middle takes no longer for a long text than it must.
const LETTERS_AND_DIGITS = /[\p{Alphabetic}\p{N}](?:.*[\p{Alphabetic}\p{N}])?/su;
const NOT_WHITE_SPACE = /\P{White_Space}(?:.*\P{White_Space})?/su;
