// Matchers over a verified token's claims. Only strings and lists of strings ever match; numbers, booleans and objects do not.
import type { RequestAuth } from '#model/decision.ts';
import { anyString, anyTest, parseStringRule, stringTest } from './strings.ts';
import type { TextTest } from './strings.ts';

export type AuthTest = (auth: RequestAuth) => boolean;

/** Claims that are lists of words in one string, for every issuer (RFC 8693 section 4.2, and Istio's `permission`). */
const SPACE_DELIMITED = ['scope', 'permission'];

/**
 * `requestPrincipals`: `issuer/subject`, split at the last `/`, because an issuer may be a URL.
 * `*` any issuer and subject (not empty); `*x/s` issuer ends in x, subject s; `*x` any issuer, subject ends in x;
 * `i/*` and `i/s*` issuer i; `i*` issuer starts with i; a plain `i` wants the subject present and empty.
 */
export function requestPrincipalTest(values: readonly string[]): AuthTest {
  return anyTest(
    values.map((value) => {
      const [issuer, subject] = splitPrincipal(value);
      return (auth: RequestAuth) => {
        const iss = stringClaim(auth, 'iss');
        const sub = stringClaim(auth, 'sub');
        return iss !== undefined && sub !== undefined && issuer(iss) && subject(sub);
      };
    }),
  );
}

const present: TextTest = (text) => text !== '';

function splitPrincipal(value: string): [TextTest, TextTest] {
  const slash = value.lastIndexOf('/');
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? '' : value.slice(slash + 1);
  const exact = (text: string): TextTest => stringTest({ kind: 'exact', text });
  if (value === '*') return [present, present];
  if (value.startsWith('*')) {
    if (slash < 0) return [present, stringTest({ kind: 'suffix', text: value.slice(1) })];
    return [issuer === '*' ? present : stringTest({ kind: 'suffix', text: issuer.slice(1) }), exact(subject)];
  }
  if (value.endsWith('*')) {
    if (slash < 0) return [stringTest({ kind: 'prefix', text: value.slice(0, -1) }), present];
    return [exact(issuer), subject === '*' ? present : stringTest({ kind: 'prefix', text: subject.slice(0, -1) })];
  }
  return [exact(issuer), exact(subject)];
}

function stringClaim(auth: RequestAuth, name: string): string | undefined {
  const value = Object.hasOwn(auth.claims, name) ? auth.claims[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** `request.auth.claims[a][b]`, `audiences` (`aud`), `presenter` (`azp`): a string, or any element of a list. */
export function claimTest(path: readonly string[], values: readonly string[]): AuthTest {
  const test = anyString(values, parseStringRule);
  return (auth) => {
    const found = claimAt(auth, path);
    if (typeof found === 'string') return test(found);
    return Array.isArray(found) && found.some((item) => typeof item === 'string' && test(item));
  };
}

/** The claim at a path through objects, with space-delimited claims as lists; undefined when it is not there. */
export function claimAt(auth: RequestAuth, path: readonly string[]): unknown {
  let value: unknown = auth.claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  const first = path[0] as string;
  if (typeof value !== 'string' || path.length !== 1) return value;
  const splits = SPACE_DELIMITED.includes(first) || auth.spaceDelimitedClaims?.includes(first) === true;
  return splits ? value.split(' ').filter((word) => word !== '') : value;
}

/**
 * The names in `[a][b]`; brackets that do not pair up make the whole inside one name, as Istio reads them.
 * @returns undefined when the text is not enclosed in brackets at all
 */
export function parseClaimPath(brackets: string): string[] | undefined {
  const names: string[] = [];
  const part = /\[([^[\]]*)\]/y;
  while (part.lastIndex < brackets.length) {
    const match = part.exec(brackets);
    if (!match) return parseBracket(brackets);
    names.push(match[1] as string);
  }
  return names.length > 0 ? names : undefined;
}

function parseBracket(brackets: string): string[] | undefined {
  return brackets.length > 2 && brackets.startsWith('[') && brackets.endsWith(']') ? [brackets.slice(1, -1)] : undefined;
}
