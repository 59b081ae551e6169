/** Tokens, roughly: only the endpoint knows how it counts. */

/**
 * Tokens of a text of so many bytes: four bytes each. The endpoint says in {@link Answer.usage} what it really was; this is for
 * what has to be decided before.
 */
export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/** As many bytes as UTF-8 takes. (There is no `TextEncoder` in a component.) */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}
