// The words inside a name: `dbPasswordV2`, `DB_PASSWORD`, `db-password` are all `db password …`.

const FOLLOWERS = ['api', 'oauth', 'auth', 'access', 'client', 'app', 'key', 'token', 'secret', 'login', 'pass'] as const;
const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;

/** Lower-case words of a name, in order. */
export function wordsOf(name: string): string[] {
  return (name.match(WORD) ?? []).map((word) => word.toLowerCase());
}

/**
 * Whether the keyword at a place is a word (or a run of words) of its own and not a part of one: `meraki` in `meraki_token`, not in
 * `CameraKit`; `sumo` in `sumoKey`, not in `sumOfSquares`.
 */
export function standsAlone(text: string, at: number, length: number): boolean {
  const first = text.charCodeAt(at);
  const before = text.charCodeAt(at - 1);
  if (isLower(first) && isLetter(before)) return escapeBefore(text, at);
  if (isUpper(first) && isUpper(before)) return false;
  let upper = 0;
  let lower = 0;
  for (let i = at + 1; i < at + length; i++) {
    const code = text.charCodeAt(i);
    if (isUpper(code)) upper++;
    else if (isLower(code)) lower++;
  }
  const shouting = upper > 0 && lower === 0 && isUpper(first);
  const after = text.charCodeAt(at + length);
  if (shouting) return !isUpper(after);
  // `gitHub`, `OneLogin` are names with a capital inside; one at the very end starts the next word.
  if (isUpper(text.charCodeAt(at + length - 1)) && lower > 0) return false;
  return !isLower(after) || goesOn(text, at + length);
}

/** `snyktoken`, `sonarlogin`: the next word stands directly after a name in small letters. */
function goesOn(text: string, at: number): boolean {
  return FOLLOWERS.some((word) => text.startsWith(word, at));
}

/** `\n`, `\t`, `\r` before a word: its letter is not the word's. */
export function escapeBefore(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  if ((before === 0x6e || before === 0x74 || before === 0x72) && text.charCodeAt(at - 2) === 0x5c) return true;
  return text.charCodeAt(at - 3) === 0x25 && isHex(before) && isHex(text.charCodeAt(at - 2));
}

export function isWordByte(code: number): boolean {
  return isLetter(code) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

function isHex(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 32) >= 0x61 && (code | 32) <= 0x66);
}

function isLetter(code: number): boolean {
  return isLower(code) || isUpper(code);
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

function isLower(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}
