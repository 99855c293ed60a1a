// What becomes of a token that was read without being verified: a look at its key's name, or claims that are believed.
import { isLogging } from './comparison.ts';
import { functionsOf } from './functions.ts';
import type { Source } from './source.ts';
import { MARK, WORD } from './tokens.ts';
import type { Call } from './value.ts';

/** What one reads to find the key or the moment to ask for a new token. */
const PEEKED =
  /^(?:header|headers|Header|protectedHeader|getHeader|getHeaderClaim|getKeyId|getKeyID|getKid|kid|alg|typ|getAlgorithm|getType|iss|issuer|Issuer|getIssuer|exp|ExpiresAt|getExpiresAt|getExpiresAtAsInstant|getExpiration|getExpirationTime|getExpirationAsInstant|iat|nbf|getIssuedAt|getNotBefore|Method|Valid|raw|signature|getSignature|getToken)$/;
/** Members that hold the claims. */
const HOLDERS = /^(?:payload|claims|Claims|getClaims|body|getBody|getPayload|getJWTClaimsSet)$/;

const PLACES_MAX = 200;
/** Tokens before and behind a call that are looked at. */
const RANGE_MAX = 4000;

/** Whether anything of the result goes on that a caller could have made up: false for a peek at header, issuer or expiry. */
export function isBelieved(source: Source, call: Call, more: readonly string[] = []): boolean {
  let first = source.startOf(call);
  while (source.is(first - 1, 'await') || source.is(first - 1, '(')) first--;
  let end = call.close + 1;
  while (source.is(end, ')') || source.is(end, '!') || (source.is(end, 'as') && source.language !== 'python'))
    end += source.is(end, 'as') ? 2 : 1;
  // A statement of its own: what comes of it is whether the token can be read.
  if (
    /^[;{}]$/.test(source.tokens[first - 1]?.text ?? ';') &&
    /^[;}]$/.test(source.tokens[end]?.text ?? ';') &&
    more.length === 0
  )
    return false;
  const direct = memberAt(source, end);
  if (direct !== undefined) return believes(source, direct);
  // `const { exp } = decodeJwt(token)`
  const names = source.is(first - 1, '=') && source.is(first - 2, '}') ? patternNames(source, first - 2) : undefined;
  if (names) return names.some((name) => !PEEKED.test(name));
  const given = givenNames(source, first - 1) ?? [source.assignedTo(call)].filter((one) => one !== undefined);
  // `req.user = …`: from there it goes anywhere.
  if (given.some((one) => one.includes('.'))) return true;
  if (given.length === 0 && more.length === 0) {
    const opened = first >= 1 && source.is(first, '(') ? first : first - 1;
    const word = source.tokens[opened - 1];
    return !(source.is(opened, '(') && word?.kind === WORD && isLogging(source, opened - 1));
  }
  // What a caller's own variable was filled with is read by the caller.
  const outer = more.filter((one) => !isDeclared(source, call, one));
  return outer.length > 0 || usesBelieve(source, call, [...given, ...more]);
}

/** Go: `var claims T`, `claims := …` in the function of the call. */
function isDeclared(source: Source, call: Call, name: string): boolean {
  const { from } = source.once(functionsOf).around(call.word);
  for (let at = Math.max(from, call.open - RANGE_MAX); at < call.open; at++)
    if (source.is(at, name) && (source.is(at - 1, 'var') || source.is(at + 1, ':='))) return true;
  return false;
}

/** Go's `token, _, err := …`. */
function givenNames(source: Source, sign: number): readonly string[] | undefined {
  if (source.language !== 'go' || !(source.is(sign, ':=') || source.is(sign, '='))) return undefined;
  const names: string[] = [];
  for (let at = sign - 1; at >= 0 && sign - at < 12 && source.tokens[at]!.kind === WORD; at -= 2) {
    if (!/^(?:_|err)$/.test(source.tokens[at]!.text)) names.push(source.tokens[at]!.text);
    if (!source.is(at - 1, ',')) break;
  }
  return names;
}

function usesBelieve(source: Source, call: Call, names: readonly string[]): boolean {
  const { from, to } = source.once(functionsOf).around(call.word);
  let seen = 0;
  const last = Math.min(to, call.close + RANGE_MAX);
  for (let at = Math.max(from, call.close); at < last && seen < PLACES_MAX; at++) {
    const token = source.tokens[at]!;
    if (token.kind !== WORD || !names.includes(token.text) || source.is(at - 1, '.') || source.is(at - 1, '?.')) continue;
    if (source.is(at + 1, '=') || source.is(at + 1, ':=')) continue;
    seen++;
    const member = memberAt(source, source.is(at + 1, '!') ? at + 2 : at + 1);
    if (member !== undefined) {
      if (believes(source, member)) return true;
    } else if (!isTested(source, at)) return true;
  }
  return false;
}

/** `if (!decoded)`, `decoded && …`, `console.log(decoded)`. */
function isTested(source: Source, at: number): boolean {
  const [before, after] = [source.tokens[at - 1], source.tokens[at + 1]];
  if (before?.text === '!' || before?.text === 'not' || before?.text === 'typeof') return true;
  if (after?.kind === MARK && /^(?:&&|\|\||\?|===|!==|==|!=)$/.test(after.text)) return true;
  if (source.is(at - 1, '(') && source.is(at + 1, ')'))
    return source.is(at - 2, 'if') || (source.tokens[at - 2]?.kind === WORD && isLogging(source, at - 2));
  // Go: `if token == nil`, and the second value that is left out.
  return source.is(at - 1, 'if') || source.is(at + 1, 'is');
}

/** Index of the word or text of a member that is read at a token. */
function memberAt(source: Source, at: number): number | undefined {
  if (source.is(at, '.') || source.is(at, '?.'))
    return source.is(at + 1, '(') || source.is(at + 1, '[') ? memberAt(source, at + 1) : at + 1;
  if (source.is(at, '[')) return at + 1;
  return undefined;
}

function believes(source: Source, member: number): boolean {
  const token = source.tokens[member];
  if (!token || PEEKED.test(token.text)) return false;
  const called = source.is(member + 1, '(');
  // `.getClaim("iss")`, `.get("exp")`
  if (called && /^(?:get|getClaim|getStringClaim|getClaimAsString)$/.test(token.text))
    return !PEEKED.test(source.tokens[member + 2]?.text ?? '');
  if (!HOLDERS.test(token.text)) return true;
  let next = called ? source.partner(member + 1) + 1 : member + 1;
  while (source.is(next, ']') || source.is(next, '!')) next++;
  const inner = memberAt(source, next);
  return inner === undefined || believes(source, inner);
}

function patternNames(source: Source, close: number): readonly string[] {
  const names: string[] = [];
  const open = source.partner(close);
  if (open < 0) return names;
  for (let at = open + 1; at < close; at++) {
    const token = source.tokens[at]!;
    if (token.kind === WORD && (source.is(at - 1, '{') || source.is(at - 1, ','))) names.push(token.text);
    else if (source.is(at, '...')) names.push('...');
    // `{ payload: { exp } }`: what is inside counts.
    if (source.is(at + 1, ':') && source.is(at + 2, '{') && HOLDERS.test(token.text)) names.pop();
  }
  return names;
}
