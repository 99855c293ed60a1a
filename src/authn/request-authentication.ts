// Istio's RequestAuthentication: who does the token say the caller is? A request without a token passes without a principal, one with a bad token never does;
// to require a token is AuthorizationPolicy's part.
//
// All rules in force are merged and sorted by issuer. A rule accepts a request when every token at its locations is the same one and valid for it. A request
// passes when it has no token at all, or when every token it presents is accepted by some rule; its principal is that of the first rule, by issuer, that accepts.
// Envoy would also pass a request with one accepted token and a second, bad one that another rule looks for: the service behind might take the bad one.
import type { Clock } from '#base/ports.ts';
import type { DenyCode, Reason, RequestAuth } from '#model/decision.ts';
import type { RequestAuthentication } from '#model/istio.ts';
import { formatPath } from '#model/origin.ts';
import type { Fetch } from '#model/ports.ts';
import { refusal } from './claims.ts';
import type { Failure, Refusal } from './claims.ts';
import { KeySources } from './jwks.ts';
import { describeLocation, findToken } from './locations.ts';
import type { AuthnRequest, Found, Location } from './locations.ts';
import { PresentedToken, Provider } from './provider.ts';
import type { Accepted } from './provider.ts';

export type { AuthnRequest } from './locations.ts';

/** A policy with the places of its parts: what plan/ calls Placed. */
export interface PlacedRequestAuthentication {
  readonly resource: RequestAuthentication;
  readonly at: Readonly<Record<string, string>>;
}

export interface AuthnPorts {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Shared by the authenticators of one process, so that they fetch each key set once; each has its own when absent. */
  readonly keys?: KeySources;
}

export type AuthnResult =
  /** No token. `removeHeaders` are names that only a verified token may fill. */
  | { readonly kind: 'none'; readonly removeHeaders: readonly string[] }
  | {
      readonly kind: 'ok';
      readonly auth: RequestAuth;
      /** To be done first: output headers that the client sent, and tokens that are not forwarded. Lower case. */
      readonly removeHeaders: readonly string[];
      readonly removeParams: readonly string[];
      readonly removeCookies: readonly string[];
      /** Then these are added. */
      readonly setHeaders: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'deny'; readonly status: 401 | 403; readonly code: DenyCode; readonly reasons: readonly Reason[] };

export interface Authenticator {
  /** Whether any rule is in force. */
  readonly active: boolean;
  /** Headers that only a verified token may fill, in lower case: whatever a client sends under these names is to be dropped on every request. */
  readonly outputHeaders: readonly string[];
  /** Synchronous when there is no token, or no keys have to be fetched. Never rejects. */
  authenticate(request: AuthnRequest): AuthnResult | Promise<AuthnResult>;
  /** Fetches all key sets now, so that no request waits for them. Never rejects. */
  warm(): Promise<void>;
}

interface PlacedProvider {
  readonly provider: Provider;
  readonly policy: string;
  readonly index: number;
  readonly at: string;
}

/** One request on its way through the rules. */
interface Run {
  /** By location; a location that two rules share is searched once. */
  readonly found: ReadonlyMap<Location, Found>;
  readonly tokens: ReadonlyMap<string, PresentedToken>;
  readonly uncovered: Set<Location>;
  winner: Accepted | undefined;
  readonly forwarded: Set<Location>;
  readonly refusals: { readonly refusal: Refusal; readonly by: PlacedProvider; readonly location: Location }[];
}

const REASONS_MAX = 8;

/** Fetch specification, CORS preflight: a browser sends it without credentials, and the answer must not depend on them. */
function isPreflight(request: AuthnRequest): boolean {
  return request.method === 'OPTIONS' && !!request.header('origin') && !!request.header('access-control-request-method');
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 128);
}

function reasonOf({ refusal, by, location }: Run['refusals'][number]): Reason {
  const field = refusal.failure === 'audience' ? 'audiences' : refusal.failure === 'issuer' ? 'issuer' : '';
  return {
    policy: by.policy,
    action: 'REQUEST_AUTHENTICATION',
    rule: by.index,
    field: `jwtRules[${by.index}]${field && `.${field}`}`,
    wanted: refusal.wanted,
    actual: printable(refusal.actual),
    at: by.at,
    text: `the token in ${describeLocation(location)} ${printable(refusal.text)}`,
  };
}

function missingToken({ policy, index, at, provider }: PlacedProvider): AuthnResult {
  const reason: Reason = {
    policy,
    action: 'REQUEST_AUTHENTICATION',
    rule: index,
    field: `jwtRules[${index}].presence`,
    wanted: [`a token of ${provider.rule.issuer}`],
    actual: '',
    at,
    text: 'the request carries no token, and this rule requires one',
  };
  return Object.freeze({ kind: 'deny', status: 401, code: 'jwt.invalid', reasons: [reason] });
}

/** Failures that say more about what is wrong come first. */
const TELLING: readonly Failure[] = [
  'audience',
  'expired',
  'not-yet',
  'signature',
  'key',
  'keys',
  'ambiguous',
  'malformed',
  'issuer',
];

/**
 * Compiles the RequestAuthentication policies in force at one place.
 * @param policies already selected by namespace, selector and targetRefs
 * @example compileRequestAuthentication([], ports).authenticate(request) // { kind: 'none', removeHeaders: [] }
 */
export function compileRequestAuthentication(policies: readonly PlacedRequestAuthentication[], ports: AuthnPorts): Authenticator {
  const sources = ports.keys ?? new KeySources(ports);
  const providers: PlacedProvider[] = policies
    .flatMap(({ resource, at }) =>
      (resource.spec.jwtRules ?? []).map((rule, index) => ({
        provider: new Provider(rule, sources.of(rule), ports.clock),
        policy: `${resource.metadata.namespace}/${resource.metadata.name}`,
        index,
        at: at[formatPath(['spec', 'jwtRules', index])] ?? at[''] ?? '',
      })),
    )
    .sort((a, b) =>
      a.provider.rule.issuer < b.provider.rule.issuer ? -1 : a.provider.rule.issuer > b.provider.rule.issuer ? 1 : 0,
    );

  // Equal locations become one object, so that maps and sets can be keyed by them.
  const interned = new Map<string, Location>();
  const locationsOf = new Map(
    providers.map((one) => [
      one,
      one.provider.locations.map((location) => {
        const key = JSON.stringify([location.kind, location.name, location.prefix]);
        const same = interned.get(key) ?? location;
        interned.set(key, same);
        return same;
      }),
    ]),
  );
  const locations = [...interned.values()];
  const outputs = Object.freeze([...new Set(providers.flatMap(({ provider }) => provider.outputs))]);
  // A rule with `presence: REQUIRED` turns "a valid token or none" into "a valid token"; which of the rules gives it does not matter.
  const required = providers.find(({ provider }) => provider.rule.presence === 'REQUIRED');
  const none: AuthnResult = required ? missingToken(required) : Object.freeze({ kind: 'none', removeHeaders: outputs });
  const preflight: AuthnResult = Object.freeze({ kind: 'none', removeHeaders: outputs });

  const deny = (run: Run): AuthnResult => {
    const { refusals } = run;
    const audience =
      refusals.some((one) => one.refusal.failure === 'audience') &&
      refusals.every((one) => ['audience', 'issuer'].includes(one.refusal.failure));
    const ordered = refusals.toSorted((a, b) => TELLING.indexOf(a.refusal.failure) - TELLING.indexOf(b.refusal.failure));
    return {
      kind: 'deny',
      status: audience ? 403 : 401,
      code: audience ? 'jwt.audience' : 'jwt.invalid',
      reasons: ordered.slice(0, REASONS_MAX).map(reasonOf),
    };
  };

  const accept = (run: Run, accepted: Accepted): AuthnResult => {
    const removeHeaders = [...outputs];
    const removeParams: string[] = [];
    const removeCookies: string[] = [];
    const lists = { header: removeHeaders, param: removeParams, cookie: removeCookies };
    for (const location of run.found.keys()) if (!run.forwarded.has(location)) lists[location.kind].push(location.name);
    return { kind: 'ok', auth: accepted.auth, removeHeaders, removeParams, removeCookies, setHeaders: accepted.setHeaders };
  };

  /** What one rule says of the tokens at its locations. */
  const take = (run: Run, by: PlacedProvider, at: readonly Location[], outcome: Accepted | Refusal): void => {
    if ('failure' in outcome) {
      run.refusals.push({ refusal: outcome, by, location: at[0]! });
      return;
    }
    run.winner ??= outcome;
    for (const location of at) {
      run.uncovered.delete(location);
      if (by.provider.rule.forwardOriginalToken) run.forwarded.add(location);
    }
  };

  const judge = (run: Run, start: number): AuthnResult | Promise<AuthnResult> => {
    for (let i = start; i < providers.length && run.uncovered.size > 0; i++) {
      const by = providers[i]!;
      const at = locationsOf.get(by)!.filter((location) => run.found.has(location));
      if (at.length === 0) continue;
      const text = run.found.get(at[0]!)!.token;
      if (text === undefined || at.some((location) => run.found.get(location)!.token !== text)) {
        take(
          run,
          by,
          at,
          refusal('ambiguous', 'stands there more than once, or in a form that can be read in more than one way'),
        );
        continue;
      }
      const outcome = by.provider.verify(run.tokens.get(text)!);
      if (outcome instanceof Promise) {
        return outcome.then((settled) => {
          take(run, by, at, settled);
          return judge(run, i + 1);
        });
      }
      take(run, by, at, outcome);
    }
    return run.winner && run.uncovered.size === 0 ? accept(run, run.winner) : deny(run);
  };

  return {
    active: providers.length > 0,
    outputHeaders: outputs,
    authenticate(request) {
      if (providers.length === 0 || isPreflight(request)) return preflight;
      let found: Map<Location, Found> | undefined;
      for (const location of locations) {
        const token = findToken(request, location);
        if (token) (found ??= new Map()).set(location, token);
      }
      if (!found) return none;
      const tokens = new Map<string, PresentedToken>();
      for (const { token } of found.values()) if (token !== undefined) tokens.set(token, new PresentedToken(token));
      return judge({ found, tokens, uncovered: new Set(found.keys()), winner: undefined, forwarded: new Set(), refusals: [] }, 0);
    },
    async warm() {
      await Promise.all(providers.map(({ provider }) => provider.warm()));
    },
  };
}
