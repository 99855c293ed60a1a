// Istio's JWT rows again, through live sidecars with real TLS (gateways: three hops), each over HTTP/1.1, HTTP/2 and gRPC.
import { join } from 'node:path';
import { readJsonLines } from '../data.ts';
import { LiveMesh } from '../live.ts';
import { type LiveRow, judgeLive } from '../live-rows.ts';
import type { RowResult, Suite } from '../suite.ts';

export const suite = {
  name: 'istio-jwt-live',
  needs: 'dataplane/istio-jwt.jsonl',
  async run({ dir }) {
    const mesh = await LiveMesh.start();
    const results: RowResult[] = [];
    try {
      for (const row of readJsonLines<LiveRow>(join(dir, 'dataplane/istio-jwt.jsonl')))
        results.push(await judgeLive(mesh, row, ['http', 'http2', 'grpc']));
    } finally {
      await mesh.close();
    }
    return results;
  },
} satisfies Suite;
