// Authorization decisions a second on one core, by policies on the workload: `node bench/authorize.ts [SECONDS]`. Run by hand.
import { performance } from 'node:perf_hooks';
import type { Attributes } from '#model/decision.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy } from '#model/istio.ts';
import { place } from '#plan/select.ts';
import { compilePolicies } from '#policy/compile.ts';

const SECONDS = Number(process.argv[2] ?? 1);
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];

/** One ALLOW policy in three: exact principals, methods, a path prefix; namespaces and an exact path; methods and a template. */
function policy(index: number): AuthorizationPolicy {
  const principals = [`cluster.local/ns/shop/sa/client-${index}`, `cluster.local/ns/shop/sa/client-${index + 1}`];
  const rule = [
    { from: [{ source: { principals } }], to: [{ operation: { methods: ['GET', 'POST'], paths: [`/api/service-${index}/*`] } }] },
    {
      from: [{ source: { namespaces: [`team-${index}`] } }],
      to: [{ operation: { methods: ['GET'], paths: [`/health/${index}`] } }],
    },
    { to: [{ operation: { methods: [METHODS[index % 4] as string], paths: [`/v1/items-${index}/{*}/detail`] } }] },
  ][index % 3];
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `policy-${index}`, namespace: 'shop', labels: {}, annotations: {} },
    spec: { action: index % 10 === 9 ? 'DENY' : 'ALLOW', rules: rule ? [rule] : [] },
    body: {},
  };
}

function request(index: number): Attributes {
  const path = [`/api/service-${index}/cart/17`, `/health/${index}`, `/v1/items-${index}/17/detail`][index % 3] as string;
  const identity =
    index % 3 === 1 ? `spiffe://cluster.local/ns/team-${index}/sa/probe` : `spiffe://cluster.local/ns/shop/sa/client-${index}`;
  return {
    protocol: 'http',
    sourceIdentity: identity,
    sourceIp: '10.0.0.7',
    remoteIp: '10.0.0.7',
    destinationIp: '10.0.0.9',
    destinationPort: 8080,
    sni: '',
    method: index % 3 === 2 ? (METHODS[index % 4] as string) : 'GET',
    path,
    host: 'shop.example.com',
    header: () => undefined,
    headerValues: () => [],
    auth: undefined,
  };
}

for (const count of [1, 10, 100, 500]) {
  const policies = Array.from({ length: count }, (_, index) => place(policy(index)));
  const authorizer = compilePolicies({ authorization: policies, requestAuthentication: [] }, DEFAULT_MESH, { namespace: 'shop' });
  const requests = Array.from({ length: count }, (_, index) => index)
    .filter((index) => index % 10 !== 9)
    .map(request);
  const strangers = requests.map((a) => ({
    ...a,
    sourceIdentity: 'spiffe://cluster.local/ns/other/sa/stranger',
    method: 'PATCH',
  }));
  const run = (all: readonly Attributes[], want: boolean, ms: number): number => {
    let decisions = 0;
    const start = performance.now();
    while (performance.now() - start < ms) {
      for (let i = 0; i < 1000; i++)
        if (authorizer.authorize(all[i % all.length] as Attributes).allow !== want) throw new Error('wrong decision');
      decisions += 1000;
    }
    return (decisions / (performance.now() - start)) * 1000;
  };
  const rate = (all: readonly Attributes[], want: boolean): string => {
    run(all, want, 200);
    return Math.round(run(all, want, SECONDS * 1000)).toLocaleString('en');
  };
  console.log(`${count} policies: ${rate(requests, true)} allowed/s, ${rate(strangers, false)} denied/s with their reasons`);
}
