// Istio's normalisation rows through a live gateway and sidecar: what the application sees as request target.
import { join } from 'node:path';
import type { PathNormalization } from '#model/istio.ts';
import { readJsonLines } from '../data.ts';
import { policiesOf } from '../istio.ts';
import { LiveMesh } from '../live.ts';
import { rawRequest } from '../live-calls.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly mode: PathNormalization;
  readonly in: string;
  readonly out?: string;
  readonly status?: number;
}

export const suite = {
  name: 'istio-normalization-live',
  needs: 'dataplane/istio-normalization.jsonl',
  async run({ dir }) {
    const rows = readJsonLines<Row>(join(dir, 'dataplane/istio-normalization.jsonl'));
    const mesh = await LiveMesh.start();
    const results: RowResult[] = [];
    try {
      for (const row of rows) results.push(await judge(mesh, row));
    } finally {
      await mesh.close();
    }
    return results;
  },
} satisfies Suite;

async function judge(mesh: LiveMesh, row: Row): Promise<RowResult> {
  const policies = policiesOf([], { pathNormalization: row.mode });
  const account = 'spiffe://cluster.local/ns/row/sa';
  const target = {
    namespace: 'row',
    service: 'b',
    labels: {},
    identity: `${account}/b`,
    ip: '127.0.3.1',
    port: 80,
    workloadPort: 8080,
    protocol: 'http',
    sni: '',
  } as const;
  const gateway = {
    namespace: 'row',
    labels: {},
    identity: `${account}/gateway`,
    ip: '127.0.3.2',
    workloadPort: 80,
    hostnames: ['*'],
  };
  const ports = await mesh.show({ policies, source: undefined, target, gateway });
  const { status, body } = await rawRequest(gateway.ip, ports.gateway, { path: row.in });
  if (row.status !== undefined)
    return status === row.status ? { id: row.id, pass: true } : { id: row.id, pass: false, why: `${status}, want ${row.status}` };
  // A fragment is never sent by a sound client; the edge refuses it, which the suite's README accepts as the stricter choice.
  if (row.in.includes('#') && status === 400) return { id: row.id, pass: true };
  return status === 200 && body === row.out
    ? { id: row.id, pass: true }
    : { id: row.id, pass: false, why: `${status} ${body}, want ${row.out}` };
}
