// What a verified token puts into the request: its payload, and single claims (Istio JWTRule: outputPayloadToHeader, outputClaimToHeaders).
import type { JwtRule } from '#model/istio.ts';

type Claims = Readonly<Record<string, unknown>>;

/** Field content that may stand in one header line (RFC 9110 section 5.5), as latin1. */
const HEADER_VALUE = /^[\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;
const HEADER_CHARACTERS_MAX = 8 * 1024;

/** Names that a rule writes, in lower case: whatever a client sends under them is dropped, token or not. */
export function outputHeaders(rule: JwtRule): readonly string[] {
  const names = (rule.outputClaimToHeaders ?? []).map(({ header }) => header.toLowerCase());
  if (rule.outputPayloadToHeader) names.push(rule.outputPayloadToHeader.toLowerCase());
  return [...new Set(names)];
}

/** The claim at a dotted path (`nested.key`); each step but the last is an object. */
export function claimAt(claims: Claims, path: string): unknown {
  let at: unknown = claims;
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

/** How a claim reads in a header; undefined: no header. Numbers as Envoy prints them; lists and objects as base64 of their JSON. */
export function claimText(claim: unknown): string | undefined {
  if (typeof claim === 'string') return claim;
  if (typeof claim === 'boolean') return String(claim);
  if (typeof claim === 'number')
    return Number.isInteger(claim) && claim >= 0 && claim < 2 ** 64 ? BigInt(claim).toString() : claim.toFixed(6);
  if (typeof claim === 'object' && claim !== null) return Buffer.from(JSON.stringify(claim), 'utf8').toString('base64');
  return undefined;
}

/**
 * Header lines that a verified token adds.
 * @param payloadText the payload as it stands in the token, base64url without padding
 */
export function outputsOf(rule: JwtRule, claims: Claims, payloadText: string): [string, string][] {
  const headers: [string, string][] = [];
  if (rule.outputPayloadToHeader) headers.push([rule.outputPayloadToHeader.toLowerCase(), payloadText]);
  for (const { header, claim } of rule.outputClaimToHeaders ?? []) {
    const text = claimText(claimAt(claims, claim));
    if (text === undefined || text.length > HEADER_CHARACTERS_MAX) continue;
    // Text beyond ASCII travels as the bytes of its UTF-8; text that would end the line does not travel.
    const line = Buffer.from(text, 'utf8').toString('latin1');
    if (HEADER_VALUE.test(line)) headers.push([header.toLowerCase(), line]);
  }
  return headers;
}
