// What the control plane's tests start from: a small System and plan, an in-memory journal, a key.
import type { AuditEvent, Emit, Event } from '#model/event.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import { DEFAULT_LIMITS, DEFAULT_PLATFORM } from '#model/platform.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import type { System, Workload } from '#model/system.ts';
import type { NodePlan, WorkloadPlan } from '#plan/plan.ts';
import { aesGcmKeyWrap } from '#store/key-wrap.ts';
import { openMemory } from '#store/memory.ts';

export interface FakeEmit extends Emit {
  readonly durable: Event[];
  readonly batched: Event[];
  audits(): AuditEvent[];
  /** From now on durable events are refused. */
  breakDown(): void;
}

export function fakeEmit(): FakeEmit {
  let broken = false;
  const durable: Event[] = [];
  const batched: Event[] = [];
  return {
    durable,
    batched,
    audits: () => durable.filter((event) => event.type === 'audit'),
    breakDown() {
      broken = true;
    },
    emit: (event) => void batched.push(event),
    emitDurably: async (event) => {
      if (broken) throw new Error('disk full');
      durable.push(event);
    },
  };
}

export function fakeKeyWrap(fill = 7): KeyWrap {
  return aesGcmKeyWrap('test', Buffer.alloc(32, fill));
}

export function fakeKv(): Kv {
  return openMemory();
}

const NONE = { authorization: [], requestAuthentication: [] };

export function identityOf(name: string): string {
  return `spiffe://cluster.local/ns/shop/sa/${name}`;
}

function workloadPlan(name: string): WorkloadPlan {
  const listen = { ip: '127.0.0.1', port: 20_000 };
  return {
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    labels: { app: name },
    identity: identityOf(name),
    inbound: [{ port: 8080, protocol: 'http', mtls: 'STRICT', mtlsAt: '', listen, app: { ip: '127.0.0.1', port: 21_000 } }],
    outbound: [],
    policies: NONE,
  };
}

/** A plan for workloads of these names in namespace `shop`. @param version one hex digit, repeated */
export function fakePlan(version: string, names: readonly string[], change: Partial<NodePlan> = {}): NodePlan {
  return {
    version: version.repeat(64),
    mesh: DEFAULT_MESH,
    limits: DEFAULT_LIMITS,
    workloads: names.map(workloadPlan),
    gateways: [],
    clusters: [],
    extAuthz: [],
    closed: [],
    ...change,
  };
}

export function fakeSystem(names: readonly string[]): System {
  const resource = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Fake',
    metadata: { name, namespace: 'shop', labels: {}, annotations: {} },
    spec: {},
    body: {},
  });
  const workloads: Workload[] = names.map((name) => ({
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    kind: 'Deployment',
    labels: { app: name },
    annotations: {},
    serviceAccount: name,
    identity: identityOf(name),
    replicas: 1,
    containers: [],
    resource: resource(name),
  }));
  return {
    mesh: DEFAULT_MESH,
    platform: DEFAULT_PLATFORM,
    namespaces: [{ name: 'shop', labels: {} }],
    workloads,
    services: names.map((name) => ({
      id: `shop/${name}`,
      namespace: 'shop',
      name,
      host: `${name}.shop.svc.cluster.local`,
      type: 'ClusterIP',
      selector: { app: name },
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'http' }],
      resource: resource(name),
    })),
    calls: [],
    gateways: [],
    httpRoutes: [],
    grpcRoutes: [],
    streamRoutes: [],
    referenceGrants: [],
    backendTlsPolicies: [],
    authorizationPolicies: [],
    requestAuthentications: [],
    peerAuthentications: [],
    serviceEntries: [],
    sidecars: [],
    egressPolicies: [],
    destinationRules: [],
    virtualServices: [],
    telemetries: [],
    endpointSlices: [],
    runs: [],
    resources: [],
    apis: [],
    oauthServers: [],
    oauthClients: [],
    builds: [],
    notActedOn: [],
    hash: '0'.repeat(64),
  };
}
