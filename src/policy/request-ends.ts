// From the names a person types to the two ends of a request.
import { didYouMean } from '#base/nearest.ts';
import { meshNames } from '#model/mesh-names.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { servicesOf, targetPort, workloadPorts } from '#plan/services.ts';
import { buildGateways } from '#plan/gateways.ts';
import type { PolicyPoint } from '#plan/select.ts';

export interface Source {
  /** What was found: a workload or gateway id, an identity, or `outside`. */
  readonly id: string;
  /** SPIFFE id; undefined over plaintext. */
  readonly identity: string | undefined;
  /** '' outside the mesh. */
  readonly namespace: string;
}

export interface Target extends PolicyPoint {
  readonly id: string;
  /** Workload port, which policies match on. */
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  /** What a caller writes as authority when nothing else is said. */
  readonly host: string;
}

export interface Unknown {
  readonly message: string;
  readonly help?: string;
}

const OUTSIDE = ['outside', 'client', 'internet', 'plaintext'];

/** The caller: workload, gateway, service account, principal, SPIFFE id, or one of the words for a client outside the mesh. */
export function resolveSource(system: System, text: string): Source | Unknown {
  if (OUTSIDE.includes(text)) return { id: 'outside', identity: undefined, namespace: '' };
  if (text.startsWith('spiffe://')) return { id: text, identity: text, namespace: namespaceOf(text) };
  if (/^[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(text))
    return { id: text, identity: `spiffe://${text}`, namespace: namespaceOf(`spiffe://${text}`) };
  const workload = byName(system.workloads, text);
  if (workload) return { id: workload.id, identity: workload.identity, namespace: workload.namespace };
  const gateway = byName(gatewaysOf(system), text);
  if (gateway) return { id: gateway.id, identity: gateway.identity, namespace: gateway.namespace };
  const account = system.workloads.find((one) => `${one.namespace}/${one.serviceAccount}` === text);
  if (account) return { id: text, identity: account.identity, namespace: account.namespace };
  return unknown('workload, gateway or identity', text, [
    ...system.workloads.map(({ id }) => id),
    ...system.workloads.map(({ name }) => name),
    ...OUTSIDE,
  ]);
}

/**
 * Where a call ends: every workload that a service leads to, one workload, or a gateway.
 * @param port service port, container port or listener port; after `:` in `text` it may stand as well
 * @param namespace of the caller, for short host names
 */
export function resolveTargets(
  system: System,
  text: string,
  port: number | undefined,
  namespace: string,
): readonly Target[] | Unknown {
  const written = /^(.*):(\d{1,5})$/s.exec(text);
  const name = written?.[1] ?? text;
  const wanted = port ?? (written ? Number(written[2]) : undefined);
  const service =
    byName(system.services, name) ?? meshNames(system.services, system.mesh.clusterDomain).resolve(name, namespace || 'default');
  if (service) return serviceTargets(system, service, wanted);
  const workload = byName(system.workloads, name);
  if (workload) return workloadTarget(system, workload, wanted);
  const gateway = byName(gatewaysOf(system), name);
  if (gateway) return gatewayTarget(system, gateway.id, wanted);
  return unknown(
    'service, workload or gateway',
    name,
    [...system.services, ...system.workloads, ...gatewaysOf(system)].flatMap(({ id, name: short }) => [id, short]),
  );
}

function serviceTargets(system: System, service: Service, wanted: number | undefined): readonly Target[] | Unknown {
  const port = wanted === undefined ? service.ports[0] : service.ports.find((one) => one.port === wanted);
  if (!port)
    return {
      message: `service \`${service.id}\` has no port ${wanted ?? ''}`.trimEnd(),
      help: portsHelp(service.ports.map((one) => one.port)),
    };
  const targets = system.workloads
    .filter((workload) => servicesOf(system, workload).includes(service))
    .flatMap((workload) => {
      const number = targetPort(workload, port);
      return number === undefined ? [] : [pointOf(system, workload, number, `${service.name}:${port.port}`)];
    });
  return targets.length > 0 ? targets : { message: `no workload stands behind port ${port.port} of service \`${service.id}\`` };
}

function workloadTarget(system: System, workload: Workload, wanted: number | undefined): readonly Target[] | Unknown {
  const ports = workloadPorts(system, workload);
  const port = wanted ?? ports[0]?.port;
  // A port that nothing declares is still reachable, and policy still guards it.
  if (port === undefined) return { message: `\`${workload.id}\` declares no port; say which with a port number` };
  return [pointOf(system, workload, port, `${workload.name}:${port}`)];
}

function pointOf(system: System, workload: Workload, port: number, host: string): Target {
  const declared = workloadPorts(system, workload).find((one) => one.port === port);
  const { id, namespace, labels } = workload;
  return {
    id,
    namespace,
    labels,
    services: servicesOf(system, workload).map((service) => service.id),
    port,
    protocol: declared?.protocol ?? 'tcp',
    host,
  };
}

function gatewayTarget(system: System, id: string, wanted: number | undefined): readonly Target[] | Unknown {
  const gateway = system.gateways.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === id);
  const plan = gatewaysOf(system).find((one) => one.id === id);
  if (!gateway || !plan) return { message: `no gateway \`${id}\`` };
  const listeners = gateway.spec.listeners;
  const listener = wanted === undefined ? listeners[0] : listeners.find((one) => one.port === wanted);
  if (!listener)
    return {
      message: `gateway \`${id}\` has no listener on port ${wanted ?? ''}`.trimEnd(),
      help: portsHelp(listeners.map((one) => one.port)),
    };
  const http = listener.protocol === 'HTTP' || listener.protocol === 'HTTPS';
  const { namespace, labels, name } = plan;
  const host = listener.hostname?.replace(/^\*\./, 'www.') ?? name;
  return [
    {
      id,
      namespace,
      labels,
      gateway: { name, className: gateway.spec.gatewayClassName },
      port: listener.port,
      protocol: http ? 'http' : 'tcp',
      host,
    },
  ];
}

function gatewaysOf(system: System): readonly {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly identity: string;
  readonly labels: Readonly<Record<string, string>>;
}[] {
  return buildGateways(system, { placements: {}, gateways: {}, isolation: 'none' }, [], []);
}

/** By id, else by a name that only one has. */
function byName<T extends { readonly id: string; readonly name: string }>(all: readonly T[], text: string): T | undefined {
  const exact = all.find((one) => one.id === text);
  if (exact) return exact;
  const named = all.filter((one) => one.name === text);
  return named.length === 1 ? named[0] : undefined;
}

function namespaceOf(identity: string): string {
  return /\/ns\/([^/]+)\//.exec(identity)?.[1] ?? '';
}

function portsHelp(ports: readonly number[]): string {
  return ports.length === 0 ? 'it has no ports' : `it has ${ports.join(', ')}`;
}

function unknown(what: string, text: string, candidates: readonly string[]): Unknown {
  const help = didYouMean(text, candidates);
  return { message: `no ${what} named \`${text}\``, ...(help === undefined ? {} : { help }) };
}
