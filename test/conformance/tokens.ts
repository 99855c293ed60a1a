// Token verification for the Istio rows: keys inline, or from what a row serves.
import type { Attributes, RequestAuth } from '#model/decision.ts';
import type { RequestAuthentication } from '#model/istio.ts';
import type { Fetch } from '#model/ports.ts';
import type { Placed } from '#plan/plan.ts';
import { compileRequestAuthentication } from '#authn/request-authentication.ts';

/** The tokens of the rows expire in 2119 or later; a fixed moment keeps runs alike. */
const CLOCK = { nowMs: () => Date.UTC(2026, 0, 1), monotonicMs: () => 0 };

function fetchFrom(served: Readonly<Record<string, string>>): Fetch {
  return ({ url }) =>
    Promise.resolve(
      served[url] === undefined
        ? { status: 404, headers: {}, body: new Uint8Array() }
        : { status: 200, headers: {}, body: Buffer.from(served[url]) },
    );
}

export async function verifyTokens(
  policies: readonly Placed<RequestAuthentication>[],
  a: Attributes,
  served: Readonly<Record<string, string>>,
): Promise<
  | { readonly kind: 'none' }
  | { readonly kind: 'ok'; readonly auth: RequestAuth }
  | { readonly kind: 'deny'; readonly status: 401 | 403 }
> {
  const authenticator = compileRequestAuthentication(policies, { fetch: fetchFrom(served), clock: CLOCK });
  return authenticator.authenticate({
    method: a.method,
    path: a.path,
    query: a.query ?? '',
    header: (name) => a.header(name),
    headerValues: (name) => a.headerValues(name),
  });
}
