// Finds `name <operator> value` around a keyword, in any of the notations people write settings in.
// Every loop has a small bound, so that a place costs the same however the text around it is made.

/** A name and the value given to it: offsets into the text. */
export interface Assignment {
  readonly nameStart: number;
  readonly nameEnd: number;
  /** The character code of the quote around the value; 0 when there is none. */
  readonly quote: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly operator: Operator;
}

/** `list` is `'name', 'value'`; `call` is `name('value')`; `flag` is `--name value`; `element` is `<name>value`. */
export type Operator = 'equals' | 'compare' | 'colon' | 'list' | 'call' | 'flag' | 'element';

export const NAME_MAX = 60;
export const VALUE_MAX = 512;
/** Without quotes; a longer one is cut off there. */
export const BARE_MAX = 128;
const [SPACE_MAX, GAP_MAX] = [60, 24];
const [TAB, LF, CR, SPACE, QUOTE, APOSTROPHE, BACKTICK, BACKSLASH] = [9, 10, 13, 32, 34, 39, 96, 92];
/** `value: …` on the line after `name: KEYWORD`, or `value="…"` in the same element. */
const VALUE_MEMBER =
  /[ \t]{0,40}[,;]?[ \t]{0,40}(?:\r?\n[ \t]{0,80}){0,2}["']?(?:secret_|default_|plain_?text_?)?value["']?[ \t]{0,20}[:=]/iy;
/** A type between a name and its value, as TypeScript, Kotlin, Swift, Rust and Scala write it. */
const TYPED = /[ \t]{0,4}[&?]?(?:'static )?[A-Za-z_][\w.<>|?[\] ]{0,40}[ \t]{0,10}=(?!=)/y;

/** @param spaces whether further words may stand between the keyword and the operator (`facebook access token: …`) */
export function assignmentAt(text: string, at: number, length: number, spaces: boolean): Assignment | undefined {
  let end = at + length;
  const nameLimit = end + NAME_MAX;
  while (end < nameLimit && isNameByte(text.charCodeAt(end))) end++;
  if (isNameByte(text.charCodeAt(end))) return undefined;
  const nameEnd = end;
  if (spaces) end = furtherWords(text, end);
  const found = operatorAt(text, at, nameEnd, end, spaces);
  if (!found) return undefined;
  const value = valueAt(text, found.end, found.operator);
  if (!value || value.end === value.start) return undefined;
  return { nameStart: nameStart(text, at), nameEnd, ...found, quote: value.quote, valueStart: value.start, valueEnd: value.end };
}

function furtherWords(text: string, from: number): number {
  let at = from;
  const limit = from + GAP_MAX;
  while (at < limit && (isNameByte(text.charCodeAt(at)) || isBlank(text.charCodeAt(at)))) at++;
  return at;
}

function nameStart(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < NAME_MAX && isNameByte(text.charCodeAt(start - 1))) start--;
  return start;
}

function operatorAt(
  text: string,
  at: number,
  nameEnd: number,
  from: number,
  spaces: boolean,
): { operator: Operator; end: number } | undefined {
  let p = from;
  let closing = 0;
  for (; closing < 4; closing++, p++) {
    const code = text.charCodeAt(p);
    // `"`, `'`, `` ` ``, `]`, `\` close a name that was quoted or an index.
    if (code !== QUOTE && code !== APOSTROPHE && code !== BACKTICK && code !== 0x5d && code !== BACKSLASH) break;
  }
  const spaceStart = p;
  while (p - spaceStart < SPACE_MAX && isBlank(text.charCodeAt(p))) p++;
  const code = text.charCodeAt(p);
  const next = text.charCodeAt(p + 1);
  switch (code) {
    case 0x3d: // =
      if (next === 0x3d) return { operator: 'compare', end: p + (text.charCodeAt(p + 2) === 0x3d ? 3 : 2) };
      if (next === 0x7e) return undefined;
      return { operator: 'equals', end: p + (next === 0x3e ? 2 : 1) };
    case 0x3a: // :
      if (next === 0x3d) return { operator: 'equals', end: p + 2 };
      if (next === 0x3a) {
        // `::=` and `:::=` assign, `::` is a scope.
        const colons = text.charCodeAt(p + 2) === 0x3a ? 3 : 2;
        return text.charCodeAt(p + colons) === 0x3d ? { operator: 'equals', end: p + colons + 1 } : undefined;
      }
      TYPED.lastIndex = p + 1;
      if (TYPED.test(text)) return { operator: 'equals', end: TYPED.lastIndex };
      return { operator: 'colon', end: p + 1 };
    case 0x3f: // ?
    case 0x2b: // +
      return next === 0x3d ? { operator: 'equals', end: p + 2 } : undefined;
    case 0x7c: // |
      return next === 0x7c ? { operator: 'equals', end: p + (text.charCodeAt(p + 2) === 0x3d ? 3 : 2) } : undefined;
    case 0x21: // !
      return next === 0x3d ? { operator: 'compare', end: p + (text.charCodeAt(p + 2) === 0x3d ? 3 : 2) } : undefined;
    case 0x3e: // >
      return p === nameEnd ? { operator: 'element', end: p + 1 } : undefined;
    case 0x3c: // <-
      return next === 0x2d ? { operator: 'equals', end: p + 2 } : undefined;
    case 0x28: // (
      return closing === 0 ? { operator: 'call', end: p + 1 } : undefined;
    case 0x2c: // ,
      if (closing === 0) return spaces ? { operator: 'equals', end: p + 1 } : undefined;
      return memberAt(text, spaceStart) ?? { operator: 'list', end: p + 1 };
    case 0x76: // v
    case 0x56:
    case QUOTE:
    case LF:
    case CR:
      return memberAt(text, spaceStart) ?? flagAt(text, at, spaceStart, p);
    default:
      return flagAt(text, at, spaceStart, p);
  }
}

function memberAt(text: string, from: number): { operator: Operator; end: number } | undefined {
  VALUE_MEMBER.lastIndex = from;
  return VALUE_MEMBER.test(text) ? { operator: 'equals', end: VALUE_MEMBER.lastIndex } : undefined;
}

function flagAt(text: string, at: number, spaceStart: number, p: number): { operator: Operator; end: number } | undefined {
  if (p === spaceStart) return undefined;
  const start = nameStart(text, at);
  return text.charCodeAt(start) === 0x2d && text.charCodeAt(start + 1) === 0x2d ? { operator: 'flag', end: p } : undefined;
}

function valueAt(text: string, from: number, operator: Operator): { start: number; end: number; quote: number } | undefined {
  let p = from;
  const limit = from + SPACE_MAX;
  if (operator !== 'element') while (p < limit && isBlank(text.charCodeAt(p))) p++;
  if (isOpening(text.charCodeAt(p)) && isQuote(text.charCodeAt(p + 1))) p++;
  // `b"…"`, `@"…"`, `$'…'`, `L"…"`, `rb'…'`, `N'…'`, `&"…"`.
  for (let i = 0; i < 2 && isStringPrefix(text.charCodeAt(p)) && quoteWithin(text, p + 1, 2 - i); i++) p++;
  let escapes = 0;
  while (escapes < 3 && text.charCodeAt(p + escapes) === BACKSLASH) escapes++;
  const quote = text.charCodeAt(p + escapes);
  if (isQuote(quote)) {
    p += escapes + 1;
    if (text.charCodeAt(p) === quote && text.charCodeAt(p + 1) === quote) p += 2;
    return quoted(text, p, quote, escapes);
  }
  if (operator === 'call' || operator === 'list') return undefined;
  return { start: p, end: bare(text, p, operator), quote: 0 };
}

function quoted(text: string, start: number, quote: number, escapes: number): { start: number; end: number; quote: number } {
  const limit = Math.min(text.length, start + VALUE_MAX);
  let p = start;
  for (; p < limit; p++) {
    const code = text.charCodeAt(p);
    if (code === quote || code === LF || code === CR) break;
    if (code === BACKSLASH && (escapes > 0 || text.charCodeAt(p + 1) === LF)) break;
    if (code === BACKSLASH) p++;
  }
  return { start, end: Math.min(p, limit), quote };
}

/** Up to what ends a word in settings files; in an element up to the closing tag. */
function bare(text: string, start: number, operator: Operator): number {
  const limit = Math.min(text.length, start + BARE_MAX);
  let p = start;
  let opened = false;
  for (; p < limit; p++) {
    const code = text.charCodeAt(p);
    if (code === 0x7b) opened = true;
    if (code <= SPACE || code === 0x3c || code === QUOTE || code === APOSTROPHE || code === BACKTICK) break;
    if (
      operator !== 'element' &&
      (code === 0x2c || code === 0x3b || code === 0x29 || code === 0x7c || code === 0x5d || code === 0x3e)
    )
      break;
    if (operator !== 'element' && code === 0x7d && !opened) break;
  }
  return p;
}

function quoteWithin(text: string, at: number, count: number): boolean {
  for (let i = 0; i < count; i++) if (isQuote(text.charCodeAt(at + i))) return true;
  return false;
}

function isQuote(code: number): boolean {
  return code === QUOTE || code === APOSTROPHE || code === BACKTICK;
}

function isOpening(code: number): boolean {
  return code === 0x28 || code === 0x5b || code === 0x7b;
}

function isStringPrefix(code: number): boolean {
  return code === 0x40 || code === 0x24 || code === 0x26 || ((code | 32) >= 0x61 && (code | 32) <= 0x7a);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Letters, digits, `_`, `-`, `.`, `$`. */
export function isNameByte(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x24
  );
}
