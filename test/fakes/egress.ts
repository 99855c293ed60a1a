// A workload with ways out of the mesh, and servers on loopback that play the world outside.
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { once } from 'node:events';
import type { EgressEvent } from '#model/event.ts';
import type { Cluster, EgressPolicyPlan, External, NodePlan } from '#plan/plan.ts';
import type { ProxyPorts } from '#proxy/ports.ts';
import { createProxy } from '#proxy/worker.ts';
import { FRONTEND, HOUR_MS, SESSION_KEY, freePorts, memoryCa, memoryPorts, meshPlan } from './mesh.ts';

export interface OutsideHost {
  /** `api.example.com`, `*.example.com` */
  readonly hosts: readonly string[];
  readonly protocol: 'http' | 'tls' | 'tcp';
  /** Port that the workload means. */
  readonly port: number;
  /** Where it is: an address or name and a port; absent: asked for by name. */
  readonly at?: { readonly ip: string; readonly port: number };
  readonly tls?: External['tls'];
}

export interface OutsideOptions {
  readonly policies?: readonly EgressPolicyPlan[];
  readonly outside?: Partial<ProxyPorts['outside']>;
  readonly privateAddresses?: readonly string[];
}

/** Starts a proxy with one listener a host. @returns its ports in the order of `hosts`, and what it told */
export async function startEgress(hosts: readonly OutsideHost[], options: OutsideOptions = {}) {
  const ca = memoryCa();
  const base = memoryPorts(ca);
  const seen = memoryPorts(ca, { outside: { ...base.ports.outside, ...options.outside } });
  const proxy = createProxy(seen.ports);
  const ports = await freePorts(hosts.length + 3);
  const listeners = ports.slice(3);
  let version = 0;
  const apply = (policies: readonly EgressPolicyPlan[] = options.policies ?? []) => {
    const plan = meshPlan(1, ports);
    const clusters = hosts.map(clusterOf);
    const frontend = plan.workloads[1]!;
    const outbound = hosts.map((host, i) => ({
      cluster: clusters[i]!.id,
      listen: { ip: '127.0.0.1', port: listeners[i]! },
      authority: `${host.hosts[0]}:${host.port}`,
      egress: { protocol: host.protocol, targets: [{ hosts: host.hosts, cluster: clusters[i]!.id, entry: 'shop/outside' }] },
    }));
    const changed: NodePlan = {
      ...plan,
      ...(options.privateAddresses && { egressPrivateAddresses: options.privateAddresses }),
      workloads: [{ ...frontend, outbound, egressPolicies: policies }],
      gateways: [],
      clusters,
    };
    version++;
    return proxy.apply({
      version: String(version),
      plan: changed,
      bundle: ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + HOUR_MS,
    });
  };
  const applied = await apply();
  if (!applied.ok) throw new Error(applied.reason);
  const raised = (): EgressEvent[] => seen.events.filter((event) => event.type === 'egress');
  return { proxy, ports: listeners, seen, apply, raised, identity: FRONTEND, [Symbol.asyncDispose]: () => proxy.close() };
}

function clusterOf({ hosts, protocol, port, at, tls }: OutsideHost, index: number): Cluster {
  const [host] = hosts as [string];
  return {
    id: `shop/outside|${host}:${port}|${index}`,
    service: host,
    host,
    port,
    protocol: protocol === 'http' ? 'http' : 'tcp',
    sni: '',
    endpoints: at ? [{ workload: host, address: at, identity: '' }] : [],
    external: { entry: 'shop/outside', at: 'entry.yaml:1:1', ...(at ? {} : { asked: true as const }), ...(tls && { tls }) },
  };
}

/** A TCP server that keeps what it received. */
export async function startSink(answer = 'ok') {
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    count++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      if (answer !== '') socket.write(answer);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    at: { ip: '127.0.0.1', port: (server.address() as AddressInfo).port },
    text: () => Buffer.concat(received).toString('latin1'),
    connections: () => count,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends pieces, one after the other as fast as they are taken, and gives what came back until the other side ends. */
export async function converse(port: number, pieces: readonly (string | Buffer)[], host = '127.0.0.1'): Promise<string> {
  const socket = connect({ host, port });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
  socket.end();
  await closed;
  return text;
}
