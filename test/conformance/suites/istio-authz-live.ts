// Istio's authorization rows again, through two live sidecars with real TLS (gateways: three hops), each in its own protocol and with live external
// authorizers; those of HTTP/1.1 also over HTTP/2.
import { join } from 'node:path';
import { readJsonLines } from '../data.ts';
import { LiveMesh } from '../live.ts';
import { type LiveRow, judgeLive } from '../live-rows.ts';
import type { RowResult, Suite } from '../suite.ts';

export const suite = {
  name: 'istio-authz-live',
  needs: 'dataplane/istio-authz.jsonl',
  async run({ dir }) {
    const mesh = await LiveMesh.start();
    const results: RowResult[] = [];
    try {
      for (const row of readJsonLines<LiveRow>(join(dir, 'dataplane/istio-authz.jsonl')))
        results.push(await judgeLive(mesh, row, row.to.protocol === 'http' ? ['http', 'http2'] : undefined));
    } finally {
      await mesh.close();
    }
    return results;
  },
} satisfies Suite;
