// Two live sidecars (and a gateway) of the product's own data plane, on loopback, for conformance rows.
import type { ExtAuthzProvider } from '#model/istio.ts';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import type { Fetch } from '#model/ports.ts';
import type { GatewayPlan, NodePlan, PolicySet, WorkloadPlan } from '#plan/plan.ts';
import { type Proxy, createProxy } from '#proxy/worker.ts';
import { policiesFor } from '#plan/select.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { freePorts, memoryCa, memoryPorts, routeRule, SESSION_KEY } from '../fakes/mesh.ts';
import type { Policies } from './istio.ts';
import { type LiveApp, grpcAuthorizer, http1Echo, http2Echo, httpAuthorizer, tcpEcho } from './live-apps.ts';
import type { LiveProtocol } from './live-calls.ts';

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
  readonly protocol: LiveProtocol;
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
  /** What token keys are fetched with. */
  fetch: Fetch = () => Promise.reject(new Error('nothing is fetched here'));
  readonly #ca = memoryCa();
  readonly #proxy: Proxy = createProxy(memoryPorts(this.#ca, { fetch: (request) => this.fetch(request) }).ports);
  readonly #apps: Readonly<Record<LiveProtocol, LiveApp>>;
  readonly #authorizers: Readonly<Record<ExtAuthzProvider['protocol'], LiveApp>>;
  readonly #ports = new Map<string, number>();
  #version = 0;

  private constructor(apps: Readonly<Record<LiveProtocol, LiveApp>>, authorizers: Readonly<Record<'http' | 'grpc', LiveApp>>) {
    this.#apps = apps;
    this.#authorizers = authorizers;
  }

  static async start(): Promise<LiveMesh> {
    const http2 = await http2Echo();
    const apps = { http: await http1Echo(), http2, grpc: http2, tcp: await tcpEcho() };
    return new LiveMesh(apps, { http: await httpAuthorizer(), grpc: await grpcAuthorizer() });
  }

  /** Puts a scene in force. */
  async show(scene: LiveScene): Promise<LivePorts> {
    const { source, target, gateway } = scene;
    const ports = {
      inbound: await this.#port(target.ip),
      outbound: source ? await this.#port(source.ip) : 0,
      gateway: gateway ? await this.#port(gateway.ip) : 0,
    };
    const plan = planOf(scene, ports, this.#apps[target.protocol].port);
    const version = String(++this.#version);
    const applied = await this.#proxy.apply({
      version,
      plan: { ...plan, extAuthz: this.#providers(scene) },
      bundle: this.#ca.bundle,
      sessionKey: SESSION_KEY,
      expiresAtMs: Date.now() + 600_000,
    });
    if (!applied.ok) throw new Error(applied.reason);
    return ports;
  }

  /** The row's providers, at the places where they run here. */
  #providers({ policies }: LiveScene): ExtAuthzProvider[] {
    return policies.mesh.extensionProviders.map((provider) => ({
      ...provider,
      service: '127.0.0.1',
      port: this.#authorizers[provider.protocol].port,
    }));
  }

  async close(): Promise<void> {
    await this.#proxy.close();
    for (const app of new Set([...Object.values(this.#apps), ...Object.values(this.#authorizers)])) app.close();
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
  const speaks = {
    protocol: target.protocol === 'tcp' ? ('tcp' as const) : ('http' as const),
    ...((target.protocol === 'http2' || target.protocol === 'grpc') && { http2: true as const }),
  };
  const inbound = [
    {
      port: target.workloadPort,
      ...speaks,
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
        ...speaks,
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
