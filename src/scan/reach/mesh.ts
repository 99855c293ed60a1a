// How the mesh takes one connection: the link (mutual TLS, plaintext, refused) and what its policies let through.
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { AppProtocol, System, Workload } from '#model/system.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { servicesOf, targetPort } from '#plan/services.ts';
import type { Interval } from './address.ts';
import type { Access, Reason, Transport } from './face.ts';
import { Memberships } from './membership.ts';
import { annotationOf, listAt, objectAt, textAt } from '#base/raw.ts';
import { RequestJudge } from './requests.ts';
import type { Verdict } from './requests.ts';

export interface MeshAnswer {
  readonly link: Access['link'];
  readonly requests: Access['requests'];
  readonly reasons: readonly Reason[];
  readonly external: boolean;
}

/** Who calls: a workload, a gateway by its identity, or somebody outside. */
export interface MeshCaller {
  readonly workload?: Workload;
  /** Of a gateway that is no workload of the System. */
  readonly identity?: string;
  readonly addresses: readonly Interval[];
  readonly token: 'none' | 'any';
}

const EXCLUDE_IN = 'traffic.sidecar.istio.io/excludeinboundports';
const INCLUDE_IN = 'traffic.sidecar.istio.io/includeinboundports';
const EXCLUDE_OUT = 'traffic.sidecar.istio.io/excludeoutboundports';
const HTTP_PROTOCOLS: readonly AppProtocol[] = ['http', 'http2', 'grpc'];

/** The mesh of one System. Answers are remembered by target, port and who calls. */
export class Mesh {
  readonly memberships: Memberships;
  readonly judge: RequestJudge;
  readonly #system: System;
  readonly #plain: ReadonlyMap<string, { readonly rule: Resource; readonly port: number | undefined }[]>;
  readonly #protocols = new Map<string, ReadonlyMap<number, AppProtocol>>();
  readonly #modes = new Map<string, ReturnType<typeof effectiveMtls>>();
  readonly #answers = new Map<string, Map<string, MeshAnswer>>();

  constructor(system: System) {
    this.#system = system;
    this.memberships = new Memberships(system);
    this.judge = new RequestJudge(system);
    this.#plain = plaintextRules(system);
  }

  /** What flows on a workload's port: as the Services that aim there say, else TCP. */
  protocolOf(workload: Workload, port: number): AppProtocol {
    let ports = this.#protocols.get(workload.id);
    if (!ports) {
      const found = new Map<number, AppProtocol>();
      for (const service of servicesOf(this.#system, workload)) {
        for (const each of service.ports) {
          const target = targetPort(workload, each);
          if (target !== undefined && found.get(target) !== 'http') found.set(target, each.protocol);
        }
      }
      ports = found;
      this.#protocols.set(workload.id, ports);
    }
    return ports.get(port) ?? 'tcp';
  }

  /** What becomes of a connection that the network lets through. */
  answer(caller: MeshCaller, target: Workload, port: number, transport: Transport): MeshAnswer {
    const at = `${target.id} ${transport} ${port}`;
    let answers = this.#answers.get(at);
    if (!answers) {
      answers = new Map();
      this.#answers.set(at, answers);
    }
    const member = this.memberships.of(target);
    // Without a mesh at the target all callers are alike.
    const who = member.kind === 'none' ? '' : `${callerKey(caller)} ${caller.token}`;
    let found = answers.get(who);
    if (!found) {
      found = this.#decide(caller, target, port, transport);
      answers.set(who, found);
    }
    return found;
  }

  #mode(target: Workload, port: number): ReturnType<typeof effectiveMtls> {
    const key = `${target.id} ${port}`;
    let found = this.#modes.get(key);
    if (!found) {
      found = effectiveMtls(this.#system, target, port);
      this.#modes.set(key, found);
    }
    return found;
  }

  #decide(caller: MeshCaller, target: Workload, port: number, transport: Transport): MeshAnswer {
    const member = this.memberships.of(target);
    const open = (link: 'none' | 'plaintext', reason: Reason): MeshAnswer => ({
      link,
      requests: 'all',
      reasons: [reason],
      external: false,
    });
    if (member.kind === 'none') return open('none', member.reason);
    if (transport !== 'TCP')
      return open('none', { allows: true, text: `the mesh does not carry ${transport}: no policy of it applies` });
    const passed = member.kind === 'sidecar' ? excludedPort(target, port) : undefined;
    if (passed) return open('plaintext', passed);
    const mode = this.#mode(target, port);
    const modeReason: Reason = { allows: mode.mode !== 'STRICT', text: modeText(mode, target, port) };
    const proof = this.#proof(caller, target, port);
    const before = [...(member.assumed ? [member.reason] : []), modeReason];
    if (mode.mode === 'STRICT' && proof.identity === undefined) {
      return { link: 'refused', requests: 'none', reasons: [...before, { ...proof.reason, allows: false }], external: false };
    }
    const identity = mode.mode === 'DISABLE' ? undefined : proof.identity;
    const verdict = this.#requests(member.kind, target, port, { ...caller, identity });
    const waypoint = member.kind === 'ambient' ? this.#waypointPolicy(target) : undefined;
    return {
      link: identity === undefined ? 'plaintext' : 'mtls',
      requests: verdict.requests,
      reasons: [...before, proof.reason, ...verdict.reasons, ...(waypoint ? [waypoint] : [])],
      external: verdict.external,
    };
  }

  #requests(
    kind: 'sidecar' | 'ambient',
    target: Workload,
    port: number,
    caller: { readonly identity: string | undefined; readonly addresses: readonly Interval[]; readonly token: 'none' | 'any' },
  ): Verdict {
    const { id, namespace, labels } = target;
    const layer = kind === 'ambient' ? 'ambient' : HTTP_PROTOCOLS.includes(this.protocolOf(target, port)) ? 'http' : 'tcp';
    return this.judge.judge(id, { namespace, labels }, layer, port, caller);
  }

  /** Whether the caller can prove who it is, and why. */
  #proof(caller: MeshCaller, target: Workload, port: number): { readonly identity: string | undefined; readonly reason: Reason } {
    const { workload } = caller;
    if (workload === undefined) {
      return caller.identity === undefined
        ? { identity: undefined, reason: { allows: true, text: 'a caller from outside the mesh proves no identity' } }
        : { identity: caller.identity, reason: { allows: true, text: `the gateway proves \`${caller.identity}\`` } };
    }
    const member = this.memberships.of(workload);
    if (member.kind === 'none')
      return { identity: undefined, reason: { ...member.reason, text: `${member.reason.text}, so it proves no identity` } };
    const excluded = portsIn(workload, EXCLUDE_OUT);
    if (excluded?.has(port)) {
      return {
        identity: undefined,
        reason: at(workload.resource, `${workload.id} sends port ${port} past its sidecar (\`excludeOutboundPorts\`)`),
      };
    }
    const plain = this.#plaintextRule(target, port);
    if (plain)
      return {
        identity: undefined,
        reason: at(plain, `DestinationRule ${plain.metadata.namespace}/${plain.metadata.name} turns TLS off for callers`),
      };
    return {
      identity: workload.identity,
      reason: { allows: true, text: `${workload.id} proves \`${workload.identity}\` by mutual TLS` },
    };
  }

  /** In ambient mode a waypoint holds requests to the Service; whoever calls the pod's own address passes it by. */
  #waypointPolicy(target: Workload): Reason | undefined {
    const services = new Set(servicesOf(this.#system, target).map(({ name }) => name));
    const waypoints = new Set(
      this.#system.gateways.flatMap(({ metadata, spec }) =>
        spec.gatewayClassName === 'istio-waypoint' ? [`${metadata.namespace}/${metadata.name}`] : [],
      ),
    );
    const policy = this.#system.authorizationPolicies.find(
      ({ metadata, spec }) =>
        metadata.namespace === target.namespace &&
        spec.targetRefs?.some(
          ({ kind, name }) =>
            (kind === 'Gateway' && waypoints.has(`${metadata.namespace}/${name}`)) || (kind === 'Service' && services.has(name)),
        ) === true,
    );
    if (!policy) return undefined;
    return at(policy, 'policies at the waypoint hold requests to the Service, not those to the address of a pod');
  }

  #plaintextRule(target: Workload, port: number): Resource | undefined {
    if (this.#plain.size === 0) return undefined;
    for (const service of servicesOf(this.#system, target)) {
      for (const { rule, port: only } of this.#plain.get(service.id) ?? []) {
        const reaches = service.ports.some(
          (each) => targetPort(target, each) === port && (only === undefined || only === each.port),
        );
        if (reaches) return rule;
      }
    }
    return undefined;
  }
}

function callerKey({ workload, identity, addresses }: MeshCaller): string {
  return workload?.id ?? identity ?? `outside ${addresses.map(({ first, last }) => `${first}-${last}`).join()}`;
}

function modeText(mode: { readonly mode: string; readonly at: string }, target: Workload, port: number): string {
  if (mode.at === '') return `mutual TLS at ${target.id}:${port} is PERMISSIVE, the default`;
  return `mutual TLS at ${target.id}:${port} is ${mode.mode} (${mode.at})`;
}

function at(resource: Resource, text: string): Reason {
  const location = originOf(resource);
  return { allows: true, text, resource, ...(location && { location }) };
}

/** Ports of a traffic annotation; undefined when it is not there. */
function portsIn(workload: Workload, name: string): ReadonlySet<number> | undefined {
  const value = annotationOf(workload.annotations, name);
  return value === undefined ? undefined : new Set(value.split(',').map((each) => Number(each.trim())));
}

/** Why a port goes to the program without passing the sidecar. */
function excludedPort(target: Workload, port: number): Reason | undefined {
  if (portsIn(target, EXCLUDE_IN)?.has(port)) {
    return at(target.resource, `port ${port} goes past the sidecar of ${target.id} (\`excludeInboundPorts\`)`);
  }
  const included = annotationOf(target.annotations, INCLUDE_IN);
  if (included === undefined || included.trim() === '*') return undefined;
  const ports = portsIn(target, INCLUDE_IN);
  return ports?.has(port) === true
    ? undefined
    : at(target.resource, `port ${port} is not among the \`includeInboundPorts\` of ${target.id}`);
}

/** Services by `name.namespace`, also with `.svc` and the cluster's domain. */
function serviceHosts({ services }: System): ReadonlyMap<string, System['services'][number]> {
  const found = new Map<string, System['services'][number]>();
  for (const service of services)
    for (const host of [service.host, `${service.name}.${service.namespace}.svc`, `${service.name}.${service.namespace}`])
      if (!found.has(host)) found.set(host, service);
  return found;
}

/** DestinationRules whose clients speak plaintext, by Service id. */
function plaintextRules(system: System): ReadonlyMap<string, { rule: Resource; port: number | undefined }[]> {
  const found = new Map<string, { rule: Resource; port: number | undefined }[]>();
  const byHost = serviceHosts(system);
  for (const rule of system.resources) {
    if (rule.kind !== 'DestinationRule') continue;
    const host = textAt(rule.spec, 'host') ?? '';
    const service = byHost.get(host) ?? byHost.get(`${host}.${rule.metadata.namespace}`);
    if (!service) continue;
    const policy = objectAt(rule.spec, 'trafficPolicy');
    const add = (port: number | undefined): void => {
      found.set(service.id, [...(found.get(service.id) ?? []), { rule, port }]);
    };
    if (textAt(objectAt(policy, 'tls'), 'mode') === 'DISABLE') add(undefined);
    for (const level of listAt(policy, 'portLevelSettings')) {
      const port = objectAt(level, 'port')?.['number'];
      if (typeof port === 'number' && textAt(objectAt(level, 'tls'), 'mode') === 'DISABLE') add(port);
    }
  }
  return found;
}
