// A small mesh on loopback for tests of the data plane: real sockets and TLS, a CA in memory, a journal that is a list.
import { once } from 'node:events';
import {
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  createServer,
  request as httpRequest,
} from 'node:http';
import { type AddressInfo, type Socket, connect, createServer as createTcpServer } from 'node:net';
import type { AuthorizationPolicy, EffectiveMtlsMode, MeshConfig, RequestAuthentication } from '#model/istio.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { Event, ExchangeEvent } from '#model/event.ts';
import type { FetchResponse } from '#model/ports.ts';
import { DEFAULT_LIMITS, type Limits } from '#model/platform.ts';
import type { TrustBundle } from '#model/snapshot.ts';
import { createIssuing, createRoot, issueSvid } from '#pki/ca.ts';
import { createTrustBundle } from '#pki/trust-bundle.ts';
import type { Cluster, GatewayPlan, InboundPort, NodePlan, RouteRulePlan, WorkloadPlan } from '#plan/plan.ts';
import type { TracingPlan } from '#plan/telemetry-plan.ts';
import type { ProxyPorts, Snapshot } from '#proxy/ports.ts';
import { type Proxy, createProxy } from '#proxy/worker.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { machineNetwork } from '#wire/network.ts';
import type { servingPair } from './serving.ts';

/** No name has an address, every address may be dialled, and nothing is a secret. */
export const NOTHING_OUTSIDE: ProxyPorts['outside'] = {
  resolve: () => Promise.resolve([]),
  allows: () => true,
  findSecrets: () => [],
};

export const HOUR_MS = 3_600_000;

/** A CA for one trust domain, and what it signed. */
export function memoryCa(trustDomain = 'cluster.local', ttlMs = 24 * HOUR_MS) {
  const options = { nowMs: Date.now(), ttlMs: 240 * HOUR_MS, random: systemRandom };
  const root = createRoot({ ...options, trustDomain });
  const issuing = createIssuing(root, options);
  const ca = {
    bundle: createTrustBundle({ [trustDomain]: root.certificatePem }) as TrustBundle,
    ttlMs,
    issued: [] as string[],
    refuse: undefined as string | undefined,
    nowMs: () => Date.now(),
    sign: async (identity: string, csrPem: string): Promise<string> => {
      if (ca.refuse !== undefined) throw new Error(ca.refuse);
      ca.issued.push(identity);
      return issueSvid(issuing, csrPem, identity, { nowMs: ca.nowMs(), ttlMs: ca.ttlMs, random: systemRandom }).chainPem;
    },
  };
  return ca;
}

/** Everything a proxy is given, with a look inside. */
export function memoryPorts(ca: ReturnType<typeof memoryCa>, over: Partial<ProxyPorts> = {}) {
  const events: Event[] = [];
  const logs: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const waiting = new Set<() => void>();
  const take = (event: Event): void => {
    events.push(event);
    for (const look of waiting) look();
  };
  const ports: ProxyPorts = {
    network: machineNetwork({ connectionsMax: 10_000 }),
    emit: {
      emit: take,
      emitDurably: async (event) => take(event),
    },
    metrics: new Metrics(),
    clock: systemClock,
    random: systemRandom,
    fetch: (): Promise<FetchResponse> => Promise.reject(new Error('nothing is fetched here')),
    outside: NOTHING_OUTSIDE,
    requestSvid: (identity, csrPem) => ca.sign(identity, csrPem),
    ownsSocket: () => true,
    node: 'proxy/test',
    log: (level, message, fields) => logs.push({ level, message, fields }),
    ...over,
  };
  /** The first event, already there or to come, that `test` takes. */
  const event = (test: (event: ExchangeEvent) => boolean, waitMs = 5000): Promise<ExchangeEvent> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((one): one is ExchangeEvent => one.type === 'exchange' && test(one));
        if (!found) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`no such event among ${JSON.stringify(events)}`));
      }, waitMs);
      waiting.add(look);
      look();
    });
  return { ports, events, logs, event };
}

/** Loopback ports that were free a moment ago. */
export async function freePorts(count: number, ip = '127.0.0.1'): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createTcpServer().listen(0, ip);
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export interface MeshOptions {
  readonly mesh?: Partial<MeshConfig>;
  readonly limits?: Partial<Limits>;
  readonly mtls?: EffectiveMtlsMode;
  readonly authorization?: readonly AuthorizationPolicy[];
  readonly gatewayAuthorization?: readonly AuthorizationPolicy[];
  readonly requestAuthentication?: readonly RequestAuthentication[];
  readonly rules?: (cluster: string) => readonly RouteRulePlan[];
  readonly protocol?: 'http' | 'tcp';
  /** The application speaks HTTP/2. */
  readonly http2?: boolean;
  /** The gateway's listener speaks TLS, with this pair. */
  readonly gatewayTls?: ReturnType<typeof servingPair>;
  readonly sessionCookie?: string;
  /** Of every listener. */
  readonly tracing?: TracingPlan;
  readonly ports?: Partial<ProxyPorts>;
  /** The identity that the sidecars and the gateway expect of `cart`, when it is not the right one. */
  readonly expectedIdentity?: string;
}

export const CART = 'spiffe://cluster.local/ns/shop/sa/cart';
export const FRONTEND = 'spiffe://cluster.local/ns/shop/sa/frontend';
export const GATEWAY = 'spiffe://cluster.local/ns/shop/sa/edge';

export function authorizationPolicy(name: string, spec: Partial<AuthorizationPolicy['spec']>): AuthorizationPolicy {
  const metadata = { name, namespace: 'shop', labels: {}, annotations: {} };
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata,
    spec: { action: 'ALLOW', ...spec },
    body: {},
  };
}

export function requestAuthentication(name: string, spec: RequestAuthentication['spec']): RequestAuthentication {
  const metadata = { name, namespace: 'shop', labels: {}, annotations: {} };
  return { apiVersion: 'security.istio.io/v1', kind: 'RequestAuthentication', metadata, spec, body: {} };
}

export const routeRule = (id: string, cluster: string, over: Partial<RouteRulePlan['rule']> = {}): RouteRulePlan => ({
  id,
  rule: {
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
    filters: [],
    backendRefs: [],
    ...over,
  },
  backends: [{ cluster, weight: 1 }],
  at: 'route.yaml:1:1',
});

/**
 * Gateway -> sidecar of `cart` -> application, and sidecar-out of `frontend` -> the same.
 * @param app port of the application
 */
export function meshPlan(app: number, free: readonly number[], options: MeshOptions = {}): NodePlan {
  const [gatewayPort, inboundPort, outboundPort] = free as [number, number, number];
  const protocol = options.protocol ?? 'http';
  const ip = '127.0.0.1';
  const placed = <R>(resources: readonly R[] | undefined) =>
    (resources ?? []).map((resource) => ({ resource, at: { '': 'policy.yaml:1:1' } }));
  const inbound: InboundPort = {
    port: 7070,
    protocol,
    ...(options.http2 && { http2: true as const }),
    mtls: options.mtls ?? 'STRICT',
    mtlsAt: 'peer.yaml:1:1',
    listen: { ip, port: inboundPort },
    app: { ip, port: app },
  };
  const cluster: Cluster = {
    id: 'shop/cart:7070',
    service: 'shop/cart',
    host: 'cart.shop.svc.cluster.local',
    port: 7070,
    protocol,
    ...(options.http2 && { http2: true as const }),
    sni: 'outbound_.7070_._.cart.shop.svc.cluster.local',
    endpoints: [{ workload: 'shop/cart', address: { ip, port: inboundPort }, identity: options.expectedIdentity ?? CART }],
  };
  const none = { authorization: [], requestAuthentication: [] };
  const workload = (name: string, identity: string, over: Partial<WorkloadPlan>): WorkloadPlan => ({
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    labels: { app: name },
    identity,
    inbound: [],
    outbound: [],
    policies: none,
    ...over,
  });
  const telemetry = options.tracing && { tracing: options.tracing };
  const rules = options.rules?.(cluster.id) ?? [routeRule('shop/route#0', cluster.id)];
  const gateway: GatewayPlan = {
    id: 'shop/edge',
    namespace: 'shop',
    name: 'edge',
    labels: {},
    identity: GATEWAY,
    listeners: [
      {
        id: 'shop/edge/http',
        listen: { ip, port: gatewayPort },
        port: 80,
        hostname: '',
        tls: options.gatewayTls !== undefined,
        ...(options.gatewayTls && {
          secure: { mode: 'Terminate', minVersion: 'TLSv1.2', certificates: [options.gatewayTls.serving] },
        }),
        virtualHosts: [{ hostnames: ['*'], rules }],
      },
    ],
    policies: { authorization: placed(options.gatewayAuthorization), requestAuthentication: [] },
    ...(telemetry && { telemetry }),
  };
  return {
    version: '1',
    mesh: { ...DEFAULT_MESH, ...options.mesh },
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    ...(options.sessionCookie !== undefined && { sessionCookie: options.sessionCookie }),
    workloads: [
      workload('cart', CART, {
        inbound: [inbound],
        ...(telemetry && { telemetryIn: telemetry }),
        policies: { authorization: placed(options.authorization), requestAuthentication: placed(options.requestAuthentication) },
      }),
      workload('frontend', FRONTEND, {
        outbound: [{ cluster: cluster.id, listen: { ip, port: outboundPort }, authority: 'cart:7070' }],
        ...(telemetry && { telemetryOut: telemetry }),
      }),
    ],
    gateways: protocol === 'http' ? [gateway] : [],
    clusters: [cluster],
    extAuthz: options.mesh?.extensionProviders ?? [],
    closed: [],
  };
}

export interface Mesh {
  readonly proxy: Proxy;
  readonly ca: ReturnType<typeof memoryCa>;
  readonly seen: ReturnType<typeof memoryPorts>;
  readonly gateway: number;
  readonly inbound: number;
  readonly outbound: number;
  /** Applies the plan with other options. */
  apply(options: MeshOptions, over?: Partial<Snapshot>): ReturnType<Proxy['apply']>;
  close(): Promise<void>;
}

export const SESSION_KEY = Buffer.alloc(32, 7).toString('base64');

/** Starts a proxy over `meshPlan`. */
export async function startMesh(app: number, options: MeshOptions = {}): Promise<Mesh> {
  const ca = memoryCa();
  const seen = memoryPorts(ca, options.ports);
  const proxy = createProxy(seen.ports);
  let free = await freePorts(3);
  let version = 0;
  const apply: Mesh['apply'] = (next, over) => {
    version++;
    const snapshot = {
      version: String(version),
      plan: meshPlan(app, free, next),
      bundle: ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
      ...(next.gatewayTls && { tlsKeys: next.gatewayTls.keys }),
    };
    return proxy.apply({ ...snapshot, ...over });
  };
  let applied = await apply(options);
  // A port that was free may be some connection's own by now.
  for (let tries = 0; tries < 5 && !applied.ok && /EADDRINUSE/.test(applied.reason); tries++) {
    free = await freePorts(3);
    applied = await apply(options);
  }
  if (!applied.ok) throw new Error(applied.reason);
  return { proxy, ca, seen, gateway: free[0]!, inbound: free[1]!, outbound: free[2]!, apply, close: () => proxy.close() };
}

/** An HTTP application on a free port that shows what reached it. */
export async function startApp(
  listener?: RequestListener,
): Promise<{ readonly port: number; readonly server: Server; close(): Promise<void> }> {
  const echo: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  };
  const server = createServer(listener ?? echo).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** What `startApp`'s echo saw. */
  readonly seen: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** One request on a connection of its own, unless `agent` says otherwise. */
export function call(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string | string[]>; body?: string; agent?: Agent } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path = '/', headers = {}, body, agent } = options;
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: agent ?? false },
      (response: IncomingMessage) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers: got } = response;
          resolve({
            status,
            headers: got,
            text,
            seen:
              text !== '' && got['content-type'] === 'application/json'
                ? (JSON.parse(text) as Answer['seen'])
                : (undefined as never),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** A raw connection, open. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
