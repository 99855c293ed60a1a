// A gateway from manifests as a user writes them, in front of small applications: reader, plan and proxy as they are, everything on loopback.
import { type TLSSocket, connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { resolveTls } from '#app/serving-certificates.ts';
import { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import { readSystem } from '#ingest/read.ts';
import type { Address, Observed } from '#model/observed.ts';
import { buildPlan } from '#plan/build.ts';
import type { NodePlan } from '#plan/plan.ts';
import { workloadPorts } from '#plan/services.ts';
import type { ProxyPorts } from '#proxy/ports.ts';
import { createProxy } from '#proxy/worker.ts';
import { freePorts, HOUR_MS, memoryCa, memoryPorts, SESSION_KEY } from './mesh.ts';
import { workload } from './shop-system.ts';

/** A `kubernetes.io/tls` Secret. */
export function tlsSecret(
  name: string,
  { cert, key }: { readonly cert: string; readonly key: string },
  namespace = 'shop',
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': Buffer.from(cert).toString('base64'), 'tls.key': Buffer.from(key).toString('base64') },
  });
}

export function caConfigMap(name: string, pem: string, namespace = 'shop'): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { 'ca.crt': pem } });
}

/** A resource of Gateway API in namespace `shop`. @param spec YAML in flow style */
export function gatewayKind(kind: string, name: string, spec: string, namespace = 'shop'): string {
  return `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: ${spec}`;
}

export interface GatewayOptions {
  /** Workload name -> port of its application; each gets a Service of its name on port 80. */
  readonly apps: Readonly<Record<string, number>>;
  /** Names of the Services' ports: `http` unless said otherwise. */
  readonly portNames?: Readonly<Record<string, string>>;
  readonly manifests: readonly string[];
  readonly ports?: Partial<ProxyPorts>;
}

/** Reads manifests of a gateway and its applications into a plan, as control does. @throws when they have errors */
export function gatewayPlan(
  { apps, portNames = {}, manifests }: GatewayOptions,
  at: (key: string) => Address,
): { readonly plan: NodePlan; readonly keys: Readonly<Record<string, string>> } {
  const workloads = Object.keys(apps).map((name) => workload(name, { portName: portNames[name] ?? 'http' }));
  const text = [...workloads, ...manifests].join('\n---\n');
  const tlsValues = new TlsValues();
  const { system, diagnostics } = readSystem([{ file: 'gateway.yaml', text }], { tlsValues });
  const [mistake] = diagnostics.filter(({ severity }) => severity === 'error');
  if (mistake) throw new Error(`${mistake.code}: ${mistake.message}`);
  const placements = Object.fromEntries(
    system.workloads.map((one) => {
      const ports = workloadPorts(system, one).map(({ port }) => port);
      const app = Object.fromEntries(ports.map((port) => [port, { ip: '127.0.0.1', port: apps[one.name]! }]));
      const inbound = Object.fromEntries(ports.map((port) => [port, at(`${one.id}:${port}`)]));
      return [one.id, { workload: one.id, app, inbound, outbound: {} }];
    }),
  );
  const gateways = Object.fromEntries(
    system.gateways.flatMap(({ metadata, spec }) =>
      spec.listeners.map(({ name, port }) => [`${metadata.namespace}/${metadata.name}/${name}`, at(String(port))]),
    ),
  );
  const tls = resolveTls(system, tlsValues, Date.now());
  const observed: Observed = { placements, gateways, isolation: 'none', tls: tls.material };
  return { plan: buildPlan(system, observed), keys: tls.keys };
}

/** A plan for tests that open nothing. */
export function planOf(manifests: readonly string[], apps: readonly string[] = ['a', 'b']): NodePlan {
  let port = 40_000;
  const known = new Map<string, Address>();
  const at = (key: string): Address => {
    const address = known.get(key) ?? { ip: '127.0.0.1', port: port++ };
    known.set(key, address);
    return address;
  };
  return gatewayPlan({ apps: Object.fromEntries(apps.map((name) => [name, 1])), manifests }, at).plan;
}

export type RunningGateway = Awaited<ReturnType<typeof startGateway>>;

/** Starts a proxy with the gateway and the sidecars of its applications. */
export async function startGateway(options: GatewayOptions) {
  const ca = memoryCa();
  const seen = memoryPorts(ca, options.ports);
  const proxy = createProxy(seen.ports);
  const free = await freePorts(12);
  const known = new Map<string, Address>();
  const at = (key: string): Address => {
    const address = known.get(key) ?? { ip: '127.0.0.1', port: free.pop()! };
    known.set(key, address);
    return address;
  };
  let version = 0;
  const apply = async (next: GatewayOptions): Promise<NodePlan> => {
    const { plan, keys } = gatewayPlan(next, at);
    const applied = await proxy.apply({
      version: String(++version),
      plan,
      bundle: ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
      tlsKeys: keys,
    });
    if (!applied.ok) throw new Error(applied.reason);
    return plan;
  };
  const plan = await apply(options).catch(async (error: unknown) => {
    await proxy.close();
    throw error;
  });
  /** Where a Gateway's port is really bound. */
  const port = (written: number): number => known.get(String(written))!.port;
  return { proxy, seen, plan, apply, port, close: () => proxy.close() };
}

/** What a TLS client gets: its first certificate's subject, and the answer to a request. */
export interface TlsAnswer {
  /** DNS names of the certificate shown; '' when the handshake failed. */
  readonly names: string;
  readonly protocol: string;
  readonly text: string;
}

/** A handshake, and what comes back for `send`; nothing thrown when it is refused. */
export function tlsCall(port: number, options: ConnectionOptions, send: string): Promise<TlsAnswer> {
  return new Promise((resolve) => {
    let text = '';
    let names = '';
    let protocol = '';
    const socket: TLSSocket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
    socket.on('secureConnect', () => {
      names = socket.getPeerX509Certificate()?.subjectAltName ?? '';
      protocol = socket.getProtocol() ?? '';
      socket.write(send);
    });
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ names, protocol, text }));
  });
}

/** An HTTP/1.1 request whose connection ends with it. */
export function request(host: string, path = '/', more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
}
