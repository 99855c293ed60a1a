// Istio's authorization rows again, through two live sidecars with real TLS (gateways: three hops): http and tcp, without external authorization.
import { join } from 'node:path';
import { readJsonLines } from '../data.ts';
import { policiesOf } from '../istio.ts';
import { type LiveGateway, LiveMesh, type LiveScene, type LiveTarget, rawRequest, tcpEchoes } from '../live.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Place {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
  readonly ip: string;
  readonly port: number;
  readonly workloadPort: number;
  readonly protocol: string;
  readonly sni: string;
}

interface Row {
  readonly id: string;
  readonly policies: readonly unknown[];
  readonly config?: readonly { readonly kind: string; readonly spec: unknown }[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly extAuthz?: unknown;
  readonly from: {
    readonly namespace: string;
    readonly service: string;
    readonly principal?: string;
    readonly ip: string;
    readonly mtls: boolean;
  };
  readonly to: Place;
  readonly backend?: Place;
  readonly request: {
    readonly method?: string;
    readonly path?: string;
    readonly host?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly expect: 'allow' | 'deny' | number;
}

export const suite = {
  name: 'istio-authz-live',
  needs: 'dataplane/istio-authz.jsonl',
  async run({ dir }) {
    const rows = readJsonLines<Row>(join(dir, 'dataplane/istio-authz.jsonl')).filter(
      ({ to, extAuthz }) => ['http', 'tcp'].includes(to.protocol) && !extAuthz,
    );
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
  const scene = sceneOf(row);
  const ports = await mesh.show(scene);
  const [ip, port] = scene.gateway
    ? [scene.gateway.ip, ports.gateway]
    : scene.source
      ? [scene.source.ip, ports.outbound]
      : [scene.target.ip, ports.inbound];
  const want = row.expect === 403 ? 'deny' : row.expect;
  let got: string | number;
  if (scene.target.protocol === 'tcp') got = (await tcpEchoes(ip, port)) ? 'allow' : 'deny';
  else {
    const { status } = await rawRequest(ip, port, row.request);
    got = status === 200 ? 'allow' : status === 403 ? 'deny' : status;
  }
  return got === want ? { id: row.id, pass: true } : { id: row.id, pass: false, why: `${got}, want ${want}` };
}

function sceneOf(row: Row): LiveScene {
  const policies = policiesOf(row.policies, row.meshConfig);
  const { trustDomain } = policies.mesh;
  const place = row.backend ?? row.to;
  // The recorded destinations run as the account of their own name.
  const identity = (at: Place): string => `spiffe://${trustDomain}/ns/${at.namespace}/sa/${at.serviceAccount ?? at.service}`;
  const target: LiveTarget = { ...place, protocol: place.protocol === 'tcp' ? 'tcp' : 'http', identity: identity(place) };
  const { from } = row;
  const source = from.mtls
    ? { namespace: from.namespace, service: from.service, identity: `spiffe://${from.principal}`, ip: from.ip }
    : undefined;
  if (!row.backend) return { policies, source, target };
  const gateway: LiveGateway = { ...row.to, identity: identity(row.to), hostnames: hostnames(row, target) };
  return { policies, source: undefined, target, gateway };
}

/** Hosts that the row's VirtualServices lead to the target. */
function hostnames(row: Row, target: LiveTarget): string[] {
  return (row.config ?? []).flatMap(({ kind, spec }) => {
    if (kind !== 'VirtualService') return [];
    const { hosts, http } = spec as { hosts: string[]; http: { route: { destination: { host: string } }[] }[] };
    const leads = http.some(({ route }) =>
      route.some(({ destination }) => destination.host.split('.', 2).join('/') === `${target.service}/${target.namespace}`),
    );
    return leads ? hosts : [];
  });
}
