/** Long answers as several messages. */

import { trim } from "../text.ts";

/** Where a text is best divided, best first: between paragraphs, lines, sentences, words. */
const SEAMS: readonly (readonly string[])[] = [["\n\n"], ["\n"], [". ", "! ", "? ", "。", "！", "？"], [" "]];
const ELLIPSIS = " …";

/**
 * A text in at most so many parts of at most so many characters each (WhatsApp takes 4096), divided where it reads well. What
 * does not fit the last part is left out, which an ellipsis says. No part is empty; of an empty text there is none.
 */
export function split(text: string, charsMax: number, partsMax: number): string[] {
  const parts: string[] = [];
  // Characters, not halves of them.
  let rest = [...trim(text)];
  while (rest.length > 0 && parts.length < partsMax) {
    if (rest.length <= charsMax) {
      parts.push(rest.join(""));
      break;
    }
    const isLast = parts.length + 1 === partsMax;
    const at = seam(rest, isLast ? Math.max(0, charsMax - ELLIPSIS.length) : charsMax);
    const part = trim(rest.slice(0, at).join(""));
    parts.push(isLast ? part + ELLIPSIS : part);
    rest = [...trim(rest.slice(at).join(""))];
  }
  return parts;
}

/** Where the first part ends: at most `chars` characters, and not under half of that for a better seam. */
function seam(text: readonly string[], chars: number): number {
  for (const seams of SEAMS) {
    for (let end = Math.min(chars, text.length); end > Math.floor(chars / 2); end -= 1) {
      if (seams.some((seam) => text.slice(end - [...seam].length, end).join("") === seam)) return end;
    }
  }
  // Never zero, even where there is no room at all: what is left has to become shorter.
  return Math.max(1, chars);
}
