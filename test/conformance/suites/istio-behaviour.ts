// The answers that the task pages of istio.io show, replayed through the library.
import { join } from 'node:path';
import { readJsonLines, readText } from '../data.ts';
import { decide, policiesOf } from '../istio.ts';
import type { RowResult, Suite } from '../suite.ts';

interface WorldWorkload {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly principal: string | null;
  readonly proxy?: boolean;
  readonly port?: number;
}

interface Worlds {
  readonly worlds: Readonly<Record<string, { readonly workloads: Readonly<Record<string, WorldWorkload>> }>>;
  readonly jwks: unknown;
  readonly tokens_b64: Readonly<Record<string, string>>;
}

interface Row {
  readonly id: string;
  readonly world: string;
  readonly policies: readonly string[];
  readonly request: {
    readonly from: string;
    readonly to: string;
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly jwt?: string;
    readonly protocol?: string;
    readonly port?: number;
  };
  readonly expect: 'allow' | 'deny';
  readonly status?: number;
}

/** Where the pages fetch their keys. */
const JWKS_URL = 'https://raw.githubusercontent.com/istio/istio/master/security/tools/jwt/samples/jwks.json';

export const suite = {
  name: 'istio-behaviour',
  needs: 'istio/behaviour.jsonl',
  run: async ({ dir }) => {
    const worlds = JSON.parse(readText(join(dir, 'istio/worlds.json'))) as Worlds;
    return Promise.all(readJsonLines<Row>(join(dir, 'istio/behaviour.jsonl')).map((row) => judge(row, worlds)));
  },
} satisfies Suite;

async function judge(row: Row, { worlds, jwks, tokens_b64: tokens }: Worlds): Promise<RowResult> {
  const { request } = row;
  const workloads = worlds[row.world]?.workloads ?? {};
  const [from, to] = [workloads[request.from], workloads[request.to]];
  if (!from || !to) return { id: row.id, pass: false, why: 'unknown workload' };
  const token = request.jwt === undefined ? undefined : (tokens[request.jwt] ?? '');
  const bearer =
    token === undefined
      ? {}
      : { authorization: `Bearer ${token === '' ? request.jwt : Buffer.from(token, 'base64').toString()}` };
  // Plaintext towards a workload without a proxy is not policy's business; here every destination has one.
  const identity = from.principal === null || from.proxy === false ? undefined : `spiffe://${from.principal}`;
  const got = await decide(policiesOf(row.policies), {
    from: { identity, ip: '127.0.0.1' },
    to: {
      namespace: to.namespace,
      labels: to.labels,
      ip: '127.0.0.2',
      port: request.port ?? to.port ?? 0,
      protocol: request.protocol === 'tcp' ? 'tcp' : 'http',
      sni: '',
    },
    request: { ...request, host: request.to, headers: { ...request.headers, ...bearer } },
    served: { [JWKS_URL]: JSON.stringify(jwks) },
  });
  const want = row.expect === 'deny' && row.status === 401 ? 401 : row.expect;
  return got === want ? { id: row.id, pass: true } : { id: row.id, pass: false, why: `${got}, want ${want}` };
}
