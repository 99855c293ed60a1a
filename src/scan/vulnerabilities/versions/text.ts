// Pieces that several version schemes share. Numbers are compared as text: versions may hold more digits than a double does.

/** Compares two runs of decimal digits by value, however long they are. @returns below, at or above 0 */
export function compareDigits(a: string, b: string): number {
  const left = withoutZeros(a);
  const right = withoutZeros(b);
  if (left.length !== right.length) return left.length < right.length ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}

function withoutZeros(digits: string): string {
  let at = 0;
  while (at < digits.length - 1 && digits.charCodeAt(at) === 48) at++;
  return at === 0 ? digits : digits.slice(at);
}

/** Compares by UTF-16 units, which for ASCII is the order that every scheme here means. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}

export function isLetter(code: number): boolean {
  return isLower(code | 32);
}

/** Whether the text is one or more decimal digits. */
export function isNumber(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return false;
  return true;
}

/** The end of the run of digits that begins at `at`. */
export function digitsEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** A scheme's ordering. @returns below, at or above 0; total: any two texts have an order */
export type Compare = (a: string, b: string) => number;
