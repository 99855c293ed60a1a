// A caller, its sidecar, and several applications of one service, put together from manifests.
import { type RequestListener, createServer } from 'node:http';
import { type AddressInfo, type Socket, createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import type { Observed, Placement } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { buildPlan } from '#plan/build.ts';
import { type Proxy, createProxy } from '#proxy/worker.ts';
import type { ProxyPorts } from '#proxy/ports.ts';
import { HOUR_MS, SESSION_KEY, freePorts, memoryCa, memoryPorts } from './mesh.ts';
import { systemOf } from './shop-system.ts';

export interface Backend {
  readonly port: number;
  close(): Promise<void>;
}

/** An HTTP application on a free port. */
export async function httpBackend(listener: RequestListener, ip = '127.0.0.1'): Promise<Backend> {
  const server = createServer({ keepAlive: true }, listener).listen(0, ip);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A program that does with its connections what it likes. */
export async function rawBackend(onConnection: (socket: Socket) => void): Promise<Backend> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** `web` calls `cart:80`; a gateway leads to `cart`. */
const MANIFESTS = `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web, LOCALITY } }
    spec: { containers: [{ name: main, image: web, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec: { gatewayClassName: cullis, listeners: [{ name: http, port: 80, protocol: HTTP }] }
`;

export interface SliceEndpointText {
  readonly port: number;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: boolean;
  readonly terminating?: boolean;
}

/** One EndpointSlice for each endpoint, since on loopback they differ by port and not by address. */
export function slices(endpoints: readonly SliceEndpointText[], service = 'cart'): string {
  return endpoints
    .map(({ port, zone, labels, ready = true, terminating = false }, i) =>
      JSON.stringify({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `${service}-${i}`, namespace: 'shop', labels: { 'kubernetes.io/service-name': service, ...labels } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port }],
        endpoints: [
          { addresses: ['127.0.0.1'], conditions: { ready, serving: true, terminating }, ...(zone !== undefined && { zone }) },
        ],
      }),
    )
    .join('\n---\n');
}

export interface Traffic {
  readonly proxy: Proxy;
  readonly seen: ReturnType<typeof memoryPorts>;
  /** Port of `web`'s listener for `cart:80`. */
  readonly outbound: number;
  readonly gateway: number;
  /** Other manifests in place of those given. */
  apply(texts: readonly string[]): ReturnType<Proxy['apply']>;
  system(texts: readonly string[]): System;
  plan(texts: readonly string[]): ReturnType<typeof buildPlan>;
  close(): Promise<void>;
}

/** @param texts manifests beside those of `web` and `cart` @param locality a label of `web`, `key: value` */
export async function startTraffic(
  texts: readonly string[],
  options: { readonly locality?: string; readonly ports?: Partial<ProxyPorts> } = {},
): Promise<Traffic> {
  const ca = memoryCa();
  const seen = memoryPorts(ca, options.ports);
  const proxy = createProxy(seen.ports);
  const [outbound, gateway, inbound] = (await freePorts(3)) as [number, number, number];
  const ip = '127.0.0.1';
  const web: Placement = {
    workload: 'shop/web',
    app: { 8080: { ip, port: 1 } },
    inbound: { 8080: { ip, port: inbound } },
    outbound: { 'shop/cart:80': { ip, port: outbound } },
  };
  const observed: Observed = {
    placements: { 'shop/web': web },
    gateways: { 'shop/edge/http': { ip, port: gateway } },
    isolation: 'none',
  };
  const system = (more: readonly string[]): System =>
    systemOf(MANIFESTS.replace('LOCALITY', options.locality ?? 'a: b'), ...more);
  const plan = (more: readonly string[]): ReturnType<typeof buildPlan> => buildPlan(system(more), observed);
  const apply: Traffic['apply'] = (more) => {
    const made = plan(more);
    return proxy.apply({
      version: made.version,
      plan: made,
      bundle: ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    });
  };
  const applied = await apply(texts);
  if (!applied.ok) throw new Error(applied.reason);
  return { proxy, seen, outbound, gateway, apply, system, plan, close: () => proxy.close() };
}
