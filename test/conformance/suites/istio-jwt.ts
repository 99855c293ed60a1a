// Istio's own JWT integration tests through the library: tokens, then policy, then what the service behind would see; gateways take both hops.
import { join } from 'node:path';
import { compileRequestAuthentication } from '#authn/request-authentication.ts';
import type { AuthnRequest, AuthnResult } from '#authn/request-authentication.ts';
import { CullisError } from '#base/errors.ts';
import type { Attributes, RequestAuth } from '#model/decision.ts';
import type { Fetch } from '#model/ports.ts';
import { normalizeTarget } from '#plan/normalise.ts';
import { policiesFor } from '#plan/select.ts';
import { compilePolicies } from '#policy/compile.ts';
import { readJsonLines } from '../data.ts';
import { policiesOf } from '../istio.ts';
import type { Policies } from '../istio.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Target {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly workloadPort: number;
  readonly sni: string;
  readonly serviceAccount?: string;
}

interface Fixture {
  readonly url: string;
  readonly status: number;
  readonly body: string;
  readonly delayMs?: number;
  readonly unreachable?: boolean;
}

interface Row {
  readonly id: string;
  readonly policies: readonly unknown[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly fixtures?: readonly Fixture[];
  readonly from: { readonly principal?: string; readonly ip: string; readonly mtls: boolean };
  readonly to: Target;
  readonly backend?: Target;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly host: string;
    readonly headers: Readonly<Record<string, string | string[]>>;
  };
  readonly expect: 'allow' | 'deny' | number;
  readonly expectHeaders?: Readonly<Record<string, string>>;
}

/** Tokens of the rows expire in the next century or in the last decade; any day between will do. */
const CLOCK = { nowMs: () => Date.parse('2026-01-01T00:00:00Z'), monotonicMs: () => 0 };

/** Serves a row's fixtures, keeping the port's promise about time without spending any. */
function fetchFrom(fixtures: readonly Fixture[]): Fetch {
  return ({ url, timeoutMs }) => {
    const found = fixtures.find((one) => one.url === url);
    if (!found || found.unreachable || (found.delayMs ?? 0) > timeoutMs)
      return Promise.reject(new CullisError('fetch.failed', 'no answer'));
    return Promise.resolve({ status: found.status, headers: {}, body: Buffer.from(found.body) });
  };
}

type Headers = Map<string, readonly string[]>;

interface Passed {
  readonly status: number;
  readonly headers: Headers;
}

/** The headers as the next hop sees them. */
function rewrite(headers: Headers, result: Exclude<AuthnResult, { kind: 'deny' }>): Headers {
  const next = new Map(headers);
  for (const name of result.removeHeaders) next.delete(name);
  if (result.kind === 'ok') for (const [name, value] of result.setHeaders) next.set(name, [...(next.get(name) ?? []), value]);
  return next;
}

async function pass(
  row: Row,
  policies: Policies,
  source: { identity: string | undefined; ip: string },
  to: Target,
  headers: Headers,
): Promise<Passed> {
  const set = policiesFor(policies, to);
  const target = normalizeTarget(row.request.path, policies.mesh.pathNormalization);
  if (!target.ok) return { status: 400, headers };
  const fields = {
    method: row.request.method,
    path: target.path,
    query: target.query,
    header: (name: string) => headers.get(name)?.join(','),
    headerValues: (name: string) => headers.get(name) ?? [],
  } satisfies AuthnRequest;
  const authenticator = compileRequestAuthentication(set.requestAuthentication, {
    fetch: fetchFrom(row.fixtures ?? []),
    clock: CLOCK,
  });
  const result = await authenticator.authenticate(fields);
  if (result.kind === 'deny') return { status: result.status, headers };
  const auth: RequestAuth | undefined = result.kind === 'ok' ? result.auth : undefined;
  const attributes: Attributes = {
    ...fields,
    protocol: 'http',
    sourceIdentity: source.identity,
    sourceIp: source.ip,
    remoteIp: source.ip,
    destinationIp: to.ip,
    destinationPort: to.workloadPort,
    sni: to.sni,
    host: row.request.host,
    auth,
  };
  const allowed = compilePolicies(set, policies.mesh, { namespace: to.namespace }).authorize(attributes).allow;
  return { status: allowed ? 200 : 403, headers: rewrite(headers, result) };
}

async function judge(row: Row): Promise<RowResult> {
  const policies = policiesOf(row.policies, row.meshConfig);
  const sent: Headers = new Map(
    Object.entries(row.request.headers).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? [value] : value]),
  );
  const identity = row.from.mtls ? `spiffe://${row.from.principal}` : undefined;
  let passed = await pass(row, policies, { identity, ip: row.from.ip }, row.to, sent);
  if (passed.status === 200 && row.backend) {
    const gateway = `spiffe://${policies.mesh.trustDomain}/ns/${row.to.namespace}/sa/${row.to.serviceAccount}`;
    passed = await pass(row, policies, { identity: gateway, ip: row.to.ip }, row.backend, passed.headers);
  }
  const want = row.expect === 'allow' ? 200 : row.expect === 'deny' ? 403 : row.expect;
  if (passed.status !== want) return { id: row.id, pass: false, why: `${passed.status}, want ${want}` };
  for (const [name, value] of Object.entries(row.expectHeaders ?? {})) {
    const got = passed.headers.get(name.toLowerCase())?.join(',') ?? '';
    if (got !== value) return { id: row.id, pass: false, why: `header ${name}: \`${got}\`, want \`${value}\`` };
  }
  return { id: row.id, pass: true };
}

export const suite = {
  name: 'istio-jwt',
  needs: 'dataplane/istio-jwt.jsonl',
  run: async ({ dir }): Promise<RowResult[]> =>
    Promise.all(readJsonLines<Row>(join(dir, 'dataplane/istio-jwt.jsonl')).map(judge)),
} satisfies Suite;
