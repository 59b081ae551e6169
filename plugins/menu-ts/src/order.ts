/** Order numbers: recognised, verified, looked up. */

import { split, trim } from "./text.ts";

/** The first order number in a text, in the shop's spelling: `A-12345`, or 5 to 8 digits. */
export function findNumber(text: string): string | undefined {
  for (const word of split(text)) {
    const bare = /[A-Za-z0-9](?:.*[A-Za-z0-9])?/su.exec(word)?.[0] ?? "";
    const [, letter, digits] = /^([A-Za-z])-?(\d{5})$/.exec(bare) ?? [];
    if (letter) return `${letter.toUpperCase()}-${digits}`;
    if (/^\d{5,8}$/.test(bare)) return bare;
  }
  return undefined;
}

/** Whether this could be a postcode or an e-mail address, of any country. */
export function isProof(text: string): boolean {
  const proof = trim(text);
  return isEmail(proof) || isPostcode(proof);
}

function isEmail(text: string): boolean {
  const [name, domain, ...more] = text.split("@");
  if (!name || !domain || more.length > 0 || /\p{White_Space}/u.test(text)) return false;
  const parts = domain.split(".");
  return parts.length > 1 && parts.every((part) => part !== "");
}

function isPostcode(text: string): boolean {
  return /^[A-Za-z0-9 -]{3,10}$/.test(text) && /\d/.test(text);
}

/** Where the order is. Made up, but always the same for one order: this example has no shop behind it. */
export function statusOf(order: string): string {
  const digits = order.match(/\d/g) ?? [];
  const sum = digits.reduce((sum, digit) => sum + Number(digit), 0);
  return STATUSES[sum % STATUSES.length]!;
}

const STATUSES = [
  "is being packed", "is on its way and should arrive tomorrow", "is out for delivery today", "was delivered",
] as const;
