// Short ways to write policies and requests in tests.
import type { Attributes } from '#model/decision.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy, AuthorizationPolicySpec, AuthorizationRule, MeshConfig } from '#model/istio.ts';
import type { ObjectMeta } from '#model/resource.ts';
import type { PolicySet } from '#plan/plan.ts';
import { place } from '#plan/select.ts';
import { compilePolicies } from '#policy/compile.ts';
import type { Authorizer } from '#policy/authorizer.ts';

/** A request from `cluster.local/ns/shop/sa/web`: GET / on port 8080; `headers` by lower-case name. */
export function request(
  over: Partial<Attributes> & { readonly headers?: Readonly<Record<string, string | readonly string[]>> } = {},
): Attributes {
  const { headers = {}, ...rest } = over;
  const values = (name: string): readonly string[] =>
    Object.hasOwn(headers, name) ? [headers[name] as string | readonly string[]].flat() : [];
  return {
    protocol: 'http',
    sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/web',
    sourceIp: '10.0.0.7',
    remoteIp: '10.0.0.7',
    destinationIp: '10.0.0.9',
    destinationPort: 8080,
    sni: '',
    method: 'GET',
    path: '/',
    host: 'cart.shop',
    header: (name) => (Object.hasOwn(headers, name) ? values(name).join(',') : undefined),
    headerValues: values,
    auth: undefined,
    ...rest,
  };
}

/** A TCP connection from the same caller. */
export function connection(over: Partial<Attributes> = {}): Attributes {
  return request({ protocol: 'tcp', method: '', path: '', host: '', ...over });
}

/** The facts of a verified token. */
export function token(
  claims: Readonly<Record<string, unknown>>,
  spaceDelimitedClaims: readonly string[] = [],
): NonNullable<Attributes['auth']> {
  const issuer = typeof claims['iss'] === 'string' ? claims['iss'] : '';
  const subject = typeof claims['sub'] === 'string' ? claims['sub'] : '';
  return { issuer, subject, principal: `${issuer}/${subject}`, audiences: [], presenter: '', claims, spaceDelimitedClaims };
}

export function policy(
  action: AuthorizationPolicySpec['action'],
  rules: readonly AuthorizationRule[] | undefined,
  over: Partial<ObjectMeta> & { readonly spec?: Partial<AuthorizationPolicySpec> } = {},
): AuthorizationPolicy {
  const { spec, ...metadata } = over;
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: action.toLowerCase(), namespace: 'shop', labels: {}, annotations: {}, ...metadata },
    spec: { action, ...(rules && { rules }), ...spec },
    body: {},
  };
}

export function policySet(...policies: readonly AuthorizationPolicy[]): PolicySet {
  return { authorization: policies.map(place), requestAuthentication: [] };
}

export function authorizer(
  policies: readonly AuthorizationPolicy[],
  mesh: Partial<MeshConfig> = {},
  mode: 'sidecar' | 'ambient' = 'sidecar',
): Authorizer {
  return compilePolicies(policySet(...policies), { ...DEFAULT_MESH, ...mesh }, { namespace: 'shop', mode });
}
