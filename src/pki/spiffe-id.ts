// SPIFFE IDs (spiffe/spiffe: standards/SPIFFE-ID.md sections 2.1-2.4): `spiffe://<trust domain>/<path>`. No URL parser comes near them: the grammar is
// smaller than that of a URL, and whatever a URL parser would repair is refused here.

export interface SpiffeId {
  readonly trustDomain: string;
  /** '' or `/segment/segment`. */
  readonly path: string;
}

/** What is wrong with a text, stable for programs; the sentence for people stands in `error`. */
export type SpiffeIdFault =
  | 'empty'
  | 'scheme'
  | 'trust-domain-missing'
  | 'trust-domain-character'
  | 'trust-domain-long'
  | 'path-slash'
  | 'path-trailing-slash'
  | 'path-empty-segment'
  | 'path-dot-segment'
  | 'path-character'
  | 'id-long'
  | 'no-id';

export type SpiffeResult<T> = { readonly ok: true } & T;
export type SpiffeRefusal = { readonly ok: false; readonly code: SpiffeIdFault; readonly error: string };

const SCHEME = 'spiffe://';
/** SPIFFE-ID section 2.3: the whole URI, in bytes. Every allowed character is one byte. */
export const SPIFFE_ID_BYTES_MAX = 2048;
/** SPIFFE-ID section 2.3: the trust domain name, in bytes. */
export const TRUST_DOMAIN_BYTES_MAX = 255;

const FAULTS: Readonly<Record<SpiffeIdFault, string>> = {
  empty: 'the identity is empty',
  scheme: 'an identity starts with `spiffe://`, in lower case',
  'trust-domain-missing': 'the identity names no trust domain',
  'trust-domain-character': 'a trust domain takes only `a-z`, `0-9`, `.`, `-` and `_`',
  'trust-domain-long': `a trust domain has at most ${TRUST_DOMAIN_BYTES_MAX} bytes`,
  'path-slash': 'a path begins with `/`',
  'path-trailing-slash': 'a path does not end with `/`',
  'path-empty-segment': 'a path has no empty segment',
  'path-dot-segment': 'a path has no segment `.` or `..`',
  'path-character': 'a path segment takes only `a-z`, `A-Z`, `0-9`, `.`, `-` and `_`',
  'id-long': `an identity has at most ${SPIFFE_ID_BYTES_MAX} bytes`,
  'no-id': 'there is no identity to change',
};

function refuse(code: SpiffeIdFault): SpiffeRefusal {
  return { ok: false, code, error: FAULTS[code] };
}

const DOT = 0x2e;
const SLASH = 0x2f;
function isLower(c: number): boolean {
  return c >= 0x61 && c <= 0x7a;
}
function isMark(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || c === 0x2d || c === DOT || c === 0x5f;
}
function isTrustDomainCharacter(c: number): boolean {
  return isLower(c) || isMark(c);
}
function isPathCharacter(c: number): boolean {
  return isLower(c) || isMark(c) || (c >= 0x41 && c <= 0x5a);
}

/** @returns why `path` ('' is fine) cannot be the path of an identity, or undefined */
export function pathFault(path: string): SpiffeIdFault | undefined {
  if (path === '') return undefined;
  if (path.charCodeAt(0) !== SLASH) return 'path-slash';
  let start = 1;
  for (let i = 1; i <= path.length; i++) {
    const last = i === path.length;
    if (!last && path.charCodeAt(i) !== SLASH) {
      if (!isPathCharacter(path.charCodeAt(i))) return 'path-character';
      continue;
    }
    const size = i - start;
    if (size === 0) return last ? 'path-trailing-slash' : 'path-empty-segment';
    if (path.charCodeAt(start) === DOT && (size === 1 || (size === 2 && path.charCodeAt(start + 1) === DOT)))
      return 'path-dot-segment';
    start = i + 1;
  }
  return undefined;
}

function trustDomainFault(name: string): SpiffeIdFault | undefined {
  if (name === '') return 'trust-domain-missing';
  for (let i = 0; i < name.length; i++) if (!isTrustDomainCharacter(name.charCodeAt(i))) return 'trust-domain-character';
  return name.length > TRUST_DOMAIN_BYTES_MAX ? 'trust-domain-long' : undefined;
}

function make(trustDomain: string, path: string): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  const fault = pathFault(path);
  if (fault) return refuse(fault);
  if (SCHEME.length + trustDomain.length + path.length > SPIFFE_ID_BYTES_MAX) return refuse('id-long');
  return { ok: true, id: { trustDomain, path } };
}

/**
 * Reads a SPIFFE ID, exactly as written: nothing is decoded, folded or repaired.
 * @example parseSpiffeId('spiffe://cluster.local/ns/shop/sa/cart') // { ok: true, id: { trustDomain: 'cluster.local', path: '/ns/shop/sa/cart' } }
 */
export function parseSpiffeId(text: string): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  if (text === '') return refuse('empty');
  if (!text.startsWith(SCHEME)) return refuse('scheme');
  const slash = text.indexOf('/', SCHEME.length);
  const trustDomain = text.slice(SCHEME.length, slash === -1 ? undefined : slash);
  const fault = trustDomainFault(trustDomain);
  if (fault) return refuse(fault);
  return make(trustDomain, slash === -1 ? '' : text.slice(slash));
}

/** `spiffe://<trust domain><path>`; '' for an absent identity. */
export function formatSpiffeId(id: SpiffeId | undefined): string {
  return id ? `${SCHEME}${id.trustDomain}${id.path}` : '';
}

/** Reads a trust domain's name, or takes it out of a SPIFFE ID when the text looks like one (it holds `:/`). */
export function parseTrustDomain(text: string): SpiffeResult<{ trustDomain: string }> | SpiffeRefusal {
  if (text.includes(':/')) {
    const parsed = parseSpiffeId(text);
    return parsed.ok ? { ok: true, trustDomain: parsed.id.trustDomain } : parsed;
  }
  const fault = trustDomainFault(text);
  return fault ? refuse(fault) : { ok: true, trustDomain: text };
}

/** @returns why `segment` cannot stand alone in a path, or undefined */
export function pathSegmentFault(segment: string): SpiffeIdFault | undefined {
  if (segment === '') return 'path-empty-segment';
  if (segment === '.' || segment === '..') return 'path-dot-segment';
  for (let i = 0; i < segment.length; i++) if (!isPathCharacter(segment.charCodeAt(i))) return 'path-character';
  return undefined;
}

/** `['ns', 'shop']` -> `/ns/shop`; no segments give ''. */
export function joinPathSegments(segments: readonly string[]): SpiffeResult<{ path: string }> | SpiffeRefusal {
  for (const segment of segments) {
    const fault = pathSegmentFault(segment);
    if (fault) return refuse(fault);
  }
  return { ok: true, path: segments.map((segment) => `/${segment}`).join('') };
}

/** @param trustDomain a valid name @param path '' or `/…` */
export function spiffeIdFromPath(trustDomain: string, path: string): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  const fault = trustDomainFault(trustDomain);
  return fault ? refuse(fault) : make(trustDomain, path);
}

export function spiffeIdFromSegments(
  trustDomain: string,
  segments: readonly string[],
): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  const joined = joinPathSegments(segments);
  return joined.ok ? spiffeIdFromPath(trustDomain, joined.path) : joined;
}

/** The same trust domain with another path. */
export function replacePath(id: SpiffeId | undefined, path: string): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  return id ? make(id.trustDomain, path) : refuse('no-id');
}

export function replaceSegments(
  id: SpiffeId | undefined,
  segments: readonly string[],
): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  if (!id) return refuse('no-id');
  const joined = joinPathSegments(segments);
  return joined.ok ? make(id.trustDomain, joined.path) : joined;
}

/** The same identity with more path; `path` alone must be valid too. */
export function appendPath(id: SpiffeId | undefined, path: string): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  if (!id) return refuse('no-id');
  const fault = pathFault(path);
  return fault ? refuse(fault) : make(id.trustDomain, id.path + path);
}

export function appendSegments(
  id: SpiffeId | undefined,
  segments: readonly string[],
): SpiffeResult<{ id: SpiffeId }> | SpiffeRefusal {
  if (!id) return refuse('no-id');
  const joined = joinPathSegments(segments);
  return joined.ok ? make(id.trustDomain, id.path + joined.path) : joined;
}

export function memberOf(id: SpiffeId | undefined, trustDomain: string): boolean {
  return (id?.trustDomain ?? '') === trustDomain;
}

/** Says why an identity (undefined: the peer has none) does not match, or undefined when it does. */
export type SpiffeMatcher = (id: SpiffeId | undefined) => string | undefined;

export const matchAny: SpiffeMatcher = () => undefined;

export function matchId(expected: SpiffeId | undefined): SpiffeMatcher {
  return matchOneOf(expected ? [expected] : []);
}

/** An empty list matches nothing. */
export function matchOneOf(expected: readonly SpiffeId[]): SpiffeMatcher {
  const texts = new Set(expected.map(formatSpiffeId));
  return (id) =>
    id && texts.has(formatSpiffeId(id)) ? undefined : `the identity \`${formatSpiffeId(id)}\` is not among those expected`;
}

export function matchMemberOf(trustDomain: string): SpiffeMatcher {
  return (id) =>
    memberOf(id, trustDomain) ? undefined : `the trust domain \`${id?.trustDomain ?? ''}\` is not \`${trustDomain}\``;
}

/** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`, Istio's layout. */
export function workloadIdentity(trustDomain: string, namespace: string, serviceAccount: string): string {
  return `${SCHEME}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}
