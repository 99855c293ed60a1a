// Istio's own authorization integration tests, every row through the library (gateways: both hops).
import { join } from 'node:path';
import type { Attributes } from '#model/decision.ts';
import { readJsonLines } from '../data.ts';
import { decide, policiesOf } from '../istio.ts';
import type { Hop } from '../istio.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Target {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly workloadPort: number;
  readonly protocol: string;
  readonly sni: string;
  readonly serviceAccount?: string;
}

interface Row {
  readonly id: string;
  readonly policies: readonly unknown[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly from: { readonly principal?: string; readonly ip: string; readonly mtls: boolean };
  readonly to: Target;
  readonly backend?: Target;
  readonly request: Hop['request'];
  readonly expect: 'allow' | 'deny' | number;
}

export const suite = {
  name: 'istio-authz',
  needs: 'dataplane/istio-authz.jsonl',
  run: async ({ dir }) => Promise.all(readJsonLines<Row>(join(dir, 'dataplane/istio-authz.jsonl')).map(judge)),
} satisfies Suite;

async function judge(row: Row): Promise<RowResult> {
  const policies = policiesOf(row.policies, row.meshConfig);
  const identity = row.from.mtls ? `spiffe://${row.from.principal}` : undefined;
  const first = { from: { identity, ip: row.from.ip }, to: place(row.to), request: row.request, askExternal };
  let got = await decide(policies, first);
  if (got === 'allow' && row.backend) {
    const gateway = `spiffe://${policies.mesh.trustDomain}/ns/${row.to.namespace}/sa/${row.to.serviceAccount}`;
    got = await decide(policies, { ...first, from: { identity: gateway, ip: row.to.ip }, to: place(row.backend) });
  }
  const want = row.expect === 403 ? 'deny' : row.expect;
  return got === want ? { id: row.id, pass: true } : { id: row.id, pass: false, why: `${got}, want ${want}` };
}

function place(target: Target): Hop['to'] {
  return { ...target, port: target.workloadPort, protocol: target.protocol === 'tcp' ? 'tcp' : 'http' };
}

/** The external authorizer of the rows: by header, and over gRPC without that header by principal. */
function askExternal(provider: string, a: Attributes): boolean {
  const header = a.header('x-ext-authz');
  if (header !== undefined) return header === 'allow';
  return provider === 'ext-authz-grpc' && a.sourceIdentity?.endsWith('/sa/a') === true;
}
