// Rows of Istio's own tests as live scenes, and what they want to be seen.
import type { Fetch } from '#model/ports.ts';
import { policiesOf } from './istio.ts';
import type { LiveGateway, LiveMesh, LiveScene, LiveTarget } from './live.ts';
import { type LiveOutcome, type LiveProtocol, liveCall } from './live-calls.ts';
import type { RowResult } from './suite.ts';

interface Place {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
  readonly ip: string;
  readonly port: number;
  readonly workloadPort: number;
  readonly protocol: LiveProtocol;
  readonly sni: string;
}

export interface LiveRow {
  readonly id: string;
  readonly policies: readonly unknown[];
  readonly config?: readonly { readonly kind: string; readonly spec: unknown }[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly fixtures?: readonly {
    readonly url: string;
    readonly status: number;
    readonly body: string;
    readonly delayMs?: number;
    readonly unreachable?: boolean;
  }[];
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
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  };
  readonly expect: 'allow' | 'deny' | number;
  /** At the application; '' for one that must not be there. */
  readonly expectHeaders?: Readonly<Record<string, string>>;
  readonly expectHeadersContain?: {
    readonly side: 'upstream' | 'downstream';
    readonly contains?: Readonly<Record<string, readonly string[]>>;
    readonly notContains?: Readonly<Record<string, readonly string[]>>;
  };
}

/**
 * Runs a row.
 * @param protocols the row's own when absent; with several, the row passes when it does in each
 */
export async function judgeLive(mesh: LiveMesh, row: LiveRow, protocols?: readonly LiveProtocol[]): Promise<RowResult> {
  for (const protocol of protocols ?? [(row.backend ?? row.to).protocol]) {
    const why = await judgeOver(mesh, row, protocol);
    if (why !== undefined) return { id: row.id, pass: false, why: `over ${protocol}: ${why}` };
  }
  return { id: row.id, pass: true };
}

async function judgeOver(mesh: LiveMesh, row: LiveRow, protocol: LiveProtocol): Promise<string | undefined> {
  const scene = sceneOf(row, protocol);
  mesh.fetch = fetchFrom(row);
  const ports = await mesh.show(scene);
  const [ip, port] = scene.gateway
    ? [scene.gateway.ip, ports.gateway]
    : scene.source
      ? [scene.source.ip, ports.outbound]
      : [scene.target.ip, ports.inbound];
  const got = await liveCall(protocol, ip, port, row.request);
  const want = row.expect === 403 ? 'deny' : row.expect;
  if (got.verdict !== want) return `${got.verdict}, want ${want}`;
  return wrongHeader(row, got);
}

function wrongHeader(
  { expectHeaders, expectHeadersContain: parts }: LiveRow,
  { headers, seen }: LiveOutcome,
): string | undefined {
  for (const [name, value] of Object.entries(expectHeaders ?? {})) {
    const got = seen[name.toLowerCase()] ?? '';
    if (got !== value) return `header ${name}: \`${got}\`, want \`${value}\``;
  }
  const side = parts?.side === 'downstream' ? headers : seen;
  for (const [name, texts] of Object.entries(parts?.contains ?? {}))
    for (const text of texts)
      if (!(side[name] ?? '').includes(text)) return `header ${name}: \`${side[name]}\` lacks \`${text}\``;
  for (const [name, texts] of Object.entries(parts?.notContains ?? {}))
    for (const text of texts) if ((side[name] ?? '').includes(text)) return `header ${name}: \`${side[name]}\` has \`${text}\``;
  return undefined;
}

/** Serves a row's fixtures as the port promises: a late answer is none. */
function fetchFrom({ fixtures = [] }: LiveRow): Fetch {
  return ({ url, timeoutMs }) => {
    const found = fixtures.find((one) => one.url === url);
    if (!found || found.unreachable === true || (found.delayMs ?? 0) > timeoutMs) return Promise.reject(new Error('no answer'));
    return Promise.resolve({ status: found.status, headers: {}, body: Buffer.from(found.body) });
  };
}

function sceneOf(row: LiveRow, protocol: LiveProtocol): LiveScene {
  const policies = policiesOf(row.policies, row.meshConfig);
  const { trustDomain } = policies.mesh;
  const place = row.backend ?? row.to;
  // The recorded destinations run as the account of their own name.
  const identity = (at: Place): string => `spiffe://${trustDomain}/ns/${at.namespace}/sa/${at.serviceAccount ?? at.service}`;
  const target: LiveTarget = { ...place, protocol, identity: identity(place) };
  const { from } = row;
  const source = from.mtls
    ? { namespace: from.namespace, service: from.service, identity: `spiffe://${from.principal}`, ip: from.ip }
    : undefined;
  if (!row.backend) return { policies, source, target };
  const gateway: LiveGateway = { ...row.to, identity: identity(row.to), hostnames: hostnames(row, target) };
  return { policies, source: undefined, target, gateway };
}

/** Hosts that the row's VirtualServices lead to the target. */
function hostnames(row: LiveRow, target: LiveTarget): string[] {
  return (row.config ?? []).flatMap(({ kind, spec }) => {
    if (kind !== 'VirtualService') return [];
    const { hosts, http } = spec as { hosts: string[]; http: { route: { destination: { host: string } }[] }[] };
    const leads = http.some(({ route }) =>
      route.some(({ destination }) => destination.host.split('.', 2).join('/') === `${target.service}/${target.namespace}`),
    );
    return leads ? hosts : [];
  });
}
