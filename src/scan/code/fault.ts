// What the analysers of languages find in a source file, and what they share.
import type { FindingSeverity } from '#model/finding.ts';
import { MARK, TEXT, WORD } from './tokens.ts';
import type { Source } from './source.ts';
import type { Value } from './value.ts';

export const FAULT_KINDS = [
  'jwt-expiry-ignored',
  'jwt-signature-unverified',
  'jwt-algorithm',
  'jwt-claims-unchecked',
  'jwt-secret',
  'jwt-without-expiry',
  'tls-verification-off',
  'introspection-without-issuer',
  'oauth-provider',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Offset in the text. */
  readonly at: number;
  /** One line, lower-case; never a secret's value. */
  readonly title: string;
  readonly severity?: FindingSeverity;
  /** What to write in its place. */
  readonly fix?: string;
}

/** A file's faults with what its findings need. */
export interface CodeFile {
  readonly file: string;
  readonly faults: readonly (Fault & { readonly line: number; readonly column: number })[];
  /** Tests, examples, mocks: what they do wrong is not shipped. */
  readonly aside: boolean;
}

/** Calls of one file that are looked at closely; a file with more is no program that somebody wrote. */
export const LOOKED_AT_MAX = 100;

/** Which claims the file compares by itself, after the library gave them. */
export interface ClaimChecks {
  readonly iss: boolean;
  readonly aud: boolean;
  readonly exp: boolean;
}

const CLAIMS: Readonly<Record<keyof ClaimChecks, { readonly words: ReadonlySet<string>; readonly calls: ReadonlySet<string> }>> =
  {
    iss: {
      words: new Set(['iss', 'issuer', 'Issuer', 'getIssuer', 'GetIssuer']),
      calls: new Set(['VerifyIssuer', 'validate_iss', 'validateIssuer', 'verifyIssuer', 'checkIssuer']),
    },
    aud: {
      words: new Set(['aud', 'audience', 'Audience', 'getAudience', 'GetAudience', 'azp', 'client_id', 'clientId']),
      calls: new Set(['VerifyAudience', 'validate_aud', 'validateAudience', 'verifyAudience', 'checkAudience']),
    },
    exp: {
      words: new Set(['exp', 'ExpiresAt', 'getExpiration', 'getExpiresAt', 'getExpirationTime', 'GetExpirationTime']),
      calls: new Set(['VerifyExpiresAt', 'validate_exp']),
    },
  };
const CLAIM_WORDS = new Set(Object.values(CLAIMS).flatMap(({ words, calls }) => [...words, ...calls]));
const COMPARES = new Set(['===', '!==', '==', '!=', '<', '>', '<=', '>=']);
const COMPARING = new Set([
  'equals',
  'includes',
  'contains',
  'has',
  'in',
  'is',
  'Equal',
  'Contains',
  'not',
  'some',
  'every',
  'compare',
  'ConstantTimeCompare',
  'before',
  'after',
  'isBefore',
  'isAfter',
  'Before',
  'After',
  'startsWith',
  'indexOf',
  'equalsIgnoreCase',
  'isin',
]);

/** Looks for `payload.iss !== …`, `claims["aud"] == …`, `getIssuer().equals(…)` and the like. */
export function claimChecks({ tokens }: Source): ClaimChecks {
  const found = { iss: false, aud: false, exp: false };
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind === MARK || !CLAIM_WORDS.has(text)) continue;
    for (const claim of ['iss', 'aud', 'exp'] as const) {
      if (found[claim]) continue;
      const { words, calls } = CLAIMS[claim];
      if (kind === WORD && calls.has(text) && tokens[at + 1]?.text === '(') found[claim] = true;
      if (!words.has(text)) continue;
      const reached =
        kind === WORD
          ? tokens[at - 1]?.text === '.' || tokens[at - 1]?.text === '?.'
          : tokens[at - 1]?.text === '[' || tokens[at - 1]?.text === '(';
      const bare =
        kind === WORD && !reached && (compares(tokens.slice(at + 1, at + 2)) || compares(tokens.slice(Math.max(0, at - 1), at)));
      if (bare) found[claim] = true;
      if (reached && (compares(tokens.slice(at + 1, at + 6)) || compares(tokens.slice(Math.max(0, at - 7), at))))
        found[claim] = true;
    }
  }
  return found;
}

function compares(tokens: readonly { readonly kind: number; readonly text: string }[]): boolean {
  return tokens.some(({ kind, text }) => (kind === MARK && COMPARES.has(text)) || (kind === WORD && COMPARING.has(text)));
}

/** A member of a record; undefined when it is not there and nothing else can bring it. */
export function memberOf(value: Value | undefined, name: string): Value | undefined {
  return value?.kind === 'record' ? value.members.get(name) : undefined;
}

export function isFlag(value: Value | undefined, flag: boolean): boolean {
  return value?.kind === 'flag' && value.flag === flag;
}

export function textsOf(value: Value | undefined): readonly string[] {
  if (value?.kind === 'text') return [value.text];
  return value?.kind === 'list' ? value.items.flatMap((item) => (item.kind === 'text' ? [item.text] : [])) : [];
}

/** A record that is all there is to see: what it lacks is not set elsewhere. */
export function isClosed(value: Value | undefined): value is Extract<Value, { kind: 'record' }> {
  return value?.kind === 'record' && !value.open;
}

/** Whether a text is a secret somebody typed, not the name of one, a key in PEM (public ones are no secret) or a placeholder. */
export function isTypedSecret(value: Value | undefined): boolean {
  if (value?.kind !== 'text') return false;
  const { text } = value;
  if (text.length < 3 || /-----BEGIN (?:PUBLIC|CERTIFICATE|RSA PUBLIC)|^https?:|\$\{|^<.*>$|%s/.test(text)) return false;
  return !/^(?:HS|RS|ES|PS)\d{3}$|^EdDSA$/.test(text);
}

/** The text inside `new TextEncoder().encode('…')`, `Buffer.from('…')`, `'…'.getBytes()`, `'…'.encode()`. */
export function innerText(source: Source, value: Value | undefined, depth = 0): Value | undefined {
  if (value?.kind !== 'call' || depth > 4) return value;
  const { call } = value;
  if (/^(?:getBytes|encode|toByteArray|decode|trim|strip)$/.test(call.method) && source.args(call).length <= 1) {
    const before = source.tokens[call.word - 2];
    if (source.is(call.word - 1, '.') && before?.kind === TEXT) return { kind: 'text', text: before.text, at: before.at };
  }
  if (
    /^(?:encode|from|hmacShaKeyFor|SecretKeySpec|createSecretKey|decode|decodeBase64|getDecoder|HMAC(?:256|384|512)|toByteArray|getBytes|b64decode|byte)$/.test(
      call.method,
    )
  )
    return innerText(source, source.positional(call, 0), depth + 1);
  return value;
}

/** Whether any text or word of the file matches. */
export function mentions({ tokens }: Source, pattern: RegExp): boolean {
  return tokens.some(({ kind, text }) => kind !== MARK && text.length < 500 && pattern.test(text));
}

/** The words for what is not compared. */
export function missingClaims(iss: boolean, aud: boolean): string {
  if (!iss && !aud) return 'checks neither the issuer nor the audience';
  return iss ? 'does not check the audience' : 'does not check the issuer';
}

/** The fault for claims that neither the call nor the file compares. */
export function claimsFault(
  at: number,
  what: string,
  library: { readonly iss: boolean; readonly aud: boolean },
  own: ClaimChecks,
  fix: string,
): Fault[] {
  const iss = library.iss || own.iss;
  const aud = library.aud || own.aud;
  if (iss && aud) return [];
  return [{ kind: 'jwt-claims-unchecked', at, title: `${what} ${missingClaims(iss, aud)} of tokens`, fix }];
}
