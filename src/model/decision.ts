// What policy looks at and what it answers.
import type { AuthorizationAction } from './istio.ts';

/** A verified token's facts. */
export interface RequestAuth {
  readonly issuer: string;
  readonly subject: string;
  /** `iss/sub` */
  readonly principal: string;
  readonly audiences: readonly string[];
  /** `azp` */
  readonly presenter: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Claims to be split on spaces beside `scope` and `permission` (JwtRule.spaceDelimitedClaims). */
  readonly spaceDelimitedClaims?: readonly string[];
}

/** Everything a policy may ask about one request or connection; filled once from the canonical request, never from raw input again. */
export interface Attributes {
  readonly protocol: 'http' | 'tcp';
  /** Verified peer SPIFFE id with its `spiffe://`; undefined over plaintext. */
  readonly sourceIdentity: string | undefined;
  /** Direct peer's address, text form. */
  readonly sourceIp: string;
  /** Client's address after trusted proxies are subtracted. */
  readonly remoteIp: string;
  readonly destinationIp: string;
  /** Workload port. */
  readonly destinationPort: number;
  /** '' when none. */
  readonly sni: string;
  /** '' on TCP. */
  readonly method: string;
  /** Normalised path without the query; '' on TCP. */
  readonly path: string;
  /** With its leading `?`, or ''; only `request.headers[:path]` looks at it, joined to the path. */
  readonly query?: string;
  /** `:authority` as sent, port included; '' on TCP. */
  readonly host: string;
  /** All values of a request header joined by `,`; undefined when absent. Name in lower case. */
  header(name: string): string | undefined;
  /** The single values of a header, for the DENY side (any element may match). */
  headerValues(name: string): readonly string[];
  readonly auth: RequestAuth | undefined;
}

/** One reason of a decision: which rule, which field, what it wanted and what it saw. Plain data, goes into events. */
export interface Reason {
  /** `ecommerce/cart-policy`, or '' when no policy spoke (default). */
  readonly policy: string;
  readonly action: AuthorizationAction | 'PEER_AUTHENTICATION' | 'REQUEST_AUTHENTICATION' | 'DEFAULT';
  /** Index into spec.rules; -1 when not about one rule. */
  readonly rule: number;
  /** `from[0].source.principals`, '' when the whole rule is meant. */
  readonly field: string;
  readonly wanted: readonly string[];
  readonly actual: string;
  /** `file:line:column` */
  readonly at: string;
  /** A sentence for people: lower-case, no full stop. */
  readonly text: string;
}

export type DenyCode =
  | 'rbac.denied'
  | 'rbac.no-allow-match'
  | 'rbac.custom-denied'
  | 'rbac.custom-unavailable'
  | 'jwt.invalid'
  | 'jwt.audience'
  | 'mtls.required'
  | 'mtls.identity'
  | 'route.none'
  | 'request.invalid'
  | 'limit.exceeded'
  | 'upstream.failed'
  | 'config.closed'
  | 'listener.foreign'
  | 'egress.host'
  | 'egress.limit'
  | 'egress.content';

/** Smallest edit of the policies that would have let this request pass, as text for people and as a patch of one rule. */
export interface SmallestChange {
  readonly text: string;
  /** YAML of the rule or value to add, ready to paste. */
  readonly yaml: string;
  readonly at: string;
}
