// Two live sidecars (and a gateway) of the product's own data plane, on loopback, for conformance rows.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import type { GatewayPlan, NodePlan, PolicySet, WorkloadPlan } from '#plan/plan.ts';
import { type Proxy, createProxy } from '#proxy/worker.ts';
import { policiesFor } from '#plan/select.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { freePorts, memoryCa, memoryPorts, routeRule, SESSION_KEY } from '../fakes/mesh.ts';
import type { Policies } from './istio.ts';

const NO_POLICIES: PolicySet = { authorization: [], requestAuthentication: [] };

export interface LiveSource {
  readonly namespace: string;
  readonly service: string;
  readonly identity: string;
  readonly ip: string;
}

export interface LiveTarget {
  readonly namespace: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly identity: string;
  readonly ip: string;
  readonly port: number;
  readonly workloadPort: number;
  readonly protocol: 'http' | 'tcp';
  readonly sni: string;
}

/** A gateway in front of the target. */
export interface LiveGateway {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly identity: string;
  readonly ip: string;
  readonly workloadPort: number;
  readonly hostnames: readonly string[];
}

export interface LiveScene {
  readonly policies: Policies;
  /** Undefined: nobody calls through a sidecar. */
  readonly source: LiveSource | undefined;
  readonly target: LiveTarget;
  readonly gateway?: LiveGateway;
}

export interface LivePorts {
  readonly outbound: number;
  readonly inbound: number;
  readonly gateway: number;
}

/** One proxy for all scenes of a run: each scene is a snapshot. */
export class LiveMesh {
  readonly #ca = memoryCa();
  readonly #proxy: Proxy = createProxy(memoryPorts(this.#ca).ports);
  readonly #http: Awaited<ReturnType<typeof httpEcho>>;
  readonly #tcp: Awaited<ReturnType<typeof tcpEcho>>;
  readonly #ports = new Map<string, number>();
  #version = 0;

  private constructor(http: Awaited<ReturnType<typeof httpEcho>>, tcp: Awaited<ReturnType<typeof tcpEcho>>) {
    this.#http = http;
    this.#tcp = tcp;
  }

  static async start(): Promise<LiveMesh> {
    return new LiveMesh(await httpEcho(), await tcpEcho());
  }

  /** Puts a scene in force. */
  async show(scene: LiveScene): Promise<LivePorts> {
    const { source, target, gateway } = scene;
    const ports = {
      inbound: await this.#port(target.ip),
      outbound: source ? await this.#port(source.ip) : 0,
      gateway: gateway ? await this.#port(gateway.ip) : 0,
    };
    const plan = planOf(scene, ports, target.protocol === 'http' ? this.#http.port : this.#tcp.port);
    const version = String(++this.#version);
    const applied = await this.#proxy.apply({
      version,
      plan,
      bundle: this.#ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + 600_000,
    });
    if (!applied.ok) throw new Error(applied.reason);
    return ports;
  }

  async close(): Promise<void> {
    await this.#proxy.close();
    this.#http.close();
    this.#tcp.close();
  }

  /** A free port of a loopback address, the same for a whole run, so that listeners stay open from scene to scene. */
  async #port(ip: string): Promise<number> {
    const known = this.#ports.get(ip);
    if (known !== undefined) return known;
    const [port] = (await freePorts(1, ip)) as [number];
    this.#ports.set(ip, port);
    return port;
  }
}

function planOf({ policies, source, target, gateway }: LiveScene, ports: LivePorts, app: number): NodePlan {
  const { mode } = effectiveMtls(policies, target, target.workloadPort);
  const cluster = `${target.namespace}/${target.service}:${target.port}`;
  const workload = (of: { namespace: string; service: string; identity: string }, over: Partial<WorkloadPlan>): WorkloadPlan => ({
    id: `${of.namespace}/${of.service}`,
    namespace: of.namespace,
    name: of.service,
    labels: {},
    identity: of.identity,
    inbound: [],
    outbound: [],
    policies: NO_POLICIES,
    ...over,
  });
  const inbound = [
    {
      port: target.workloadPort,
      protocol: target.protocol,
      mtls: mode,
      mtlsAt: '',
      listen: { ip: target.ip, port: ports.inbound },
      app: { ip: '127.0.0.1', port: app },
    },
  ];
  const outbound = source ? [{ cluster, listen: { ip: source.ip, port: ports.outbound }, authority: '' }] : [];
  const same = source && source.namespace === target.namespace && source.service === target.service;
  const workloads = [
    workload(target, { inbound, labels: target.labels, policies: policiesFor(policies, target), ...(same && { outbound }) }),
    ...(source && !same ? [workload(source, { outbound })] : []),
  ];
  const gateways: GatewayPlan[] = gateway
    ? [
        {
          id: `${gateway.namespace}/gateway`,
          namespace: gateway.namespace,
          name: 'gateway',
          labels: gateway.labels,
          identity: gateway.identity,
          policies: policiesFor(policies, gateway),
          listeners: [
            {
              id: 'gateway/http',
              listen: { ip: gateway.ip, port: ports.gateway },
              port: gateway.workloadPort,
              hostname: '',
              tls: false,
              virtualHosts: [{ hostnames: gateway.hostnames, rules: [routeRule('row/route#0', cluster)] }],
            },
          ],
        },
      ]
    : [];
  return {
    version: '',
    mesh: policies.mesh,
    limits: DEFAULT_LIMITS,
    workloads,
    gateways,
    clusters: [
      {
        id: cluster,
        service: `${target.namespace}/${target.service}`,
        host: `${target.service}.${target.namespace}.svc.cluster.local`,
        port: target.port,
        protocol: target.protocol,
        sni: target.sni,
        endpoints: [
          {
            workload: `${target.namespace}/${target.service}`,
            address: { ip: target.ip, port: ports.inbound },
            identity: target.identity,
          },
        ],
      },
    ],
    extAuthz: [],
    closed: [],
  };
}

/** Sends one request as raw bytes. @returns status and body of the answer; status 0 when the connection ended without one */
export async function rawRequest(
  ip: string,
  port: number,
  request: { method?: string; path?: string; host?: string; headers?: Readonly<Record<string, string | readonly string[]>> },
): Promise<{ readonly status: number; readonly body: string }> {
  const lines = [
    `${request.method ?? 'GET'} ${request.path ?? '/'} HTTP/1.1`,
    `Host: ${request.host ?? 'row'}`,
    'Connection: close',
  ];
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push(`${name}: ${one}`);
  }
  const text = await exchange(ip, port, `${lines.join('\r\n')}\r\n\r\n`, () => false);
  const at = text.indexOf('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), body: at < 0 ? '' : text.slice(at + 4) };
}

/** Whether a line comes back over TCP. */
export async function tcpEchoes(ip: string, port: number): Promise<boolean> {
  return (await exchange(ip, port, 'ping\n', (text) => text.endsWith('\n'))) === 'ping\n';
}

async function exchange(ip: string, port: number, bytes: string, enough: (text: string) => boolean): Promise<string> {
  const socket = connect({ host: ip, port });
  socket.on('error', () => {});
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (enough(text)) socket.destroy();
  });
  const timer = setTimeout(() => socket.destroy(), 10_000);
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  clearTimeout(timer);
  return text;
}

/** Answers every request with the target it saw. */
async function httpEcho(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => {
    let seen = '';
    socket.on('error', () => {});
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      seen += chunk;
      for (let end = seen.indexOf('\r\n\r\n'); end >= 0; end = seen.indexOf('\r\n\r\n')) {
        const target = seen.slice(seen.indexOf(' ') + 1, seen.indexOf(' HTTP/1.1\r\n'));
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(seen.slice(0, end))?.[1] ?? 0);
        seen = seen.slice(end + 4 + length);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`, 'latin1');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function tcpEcho(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
