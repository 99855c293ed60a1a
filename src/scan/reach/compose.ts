// Compose: services talk when they share a network. Every port is open among them, published or not.
import { COMPOSE_API, COMPOSE_PROJECT, COMPOSE_SERVICE } from '#model/compose.ts';
import type { System, Workload } from '#model/system.ts';
import type { Transport } from './face.ts';
import { listAt, memberOf, objectAt, textAt } from '#base/raw.ts';

export function isCompose({ resource }: Workload): boolean {
  return resource.apiVersion === COMPOSE_API && resource.kind === COMPOSE_SERVICE;
}

/** How a Compose service is attached. */
export interface Attachment {
  readonly kind: 'networks' | 'host' | 'none';
  /** `project/network` */
  readonly networks: readonly string[];
  /** Every network is `internal`: no way to the outside, and nothing that is published arrives. */
  readonly internal: boolean;
}

const DEPTH_MAX = 8;

/** `network_mode` decides first; without it and without `networks` a service is in `default` (Compose Specification, services). */
function attachmentOf(workload: Workload, facts: Facts, depth: number): Attachment {
  const { spec, metadata } = workload.resource;
  const mode = textAt(spec, 'network_mode');
  if (mode === 'host') return { kind: 'host', networks: [], internal: false };
  if (mode === 'none') return { kind: 'none', networks: [], internal: true };
  // One network stack with another service.
  if (mode?.startsWith('service:') === true && depth < DEPTH_MAX) {
    const other = facts.byName.get(`${metadata.namespace}/${mode.slice('service:'.length)}`);
    if (other) return attachmentOf(other, facts, depth + 1);
  }
  const names = Object.keys(objectAt(spec, 'networks') ?? {});
  const networks = names.length > 0 ? names : ['default'];
  return {
    kind: 'networks',
    networks: networks.map((name) => `${metadata.namespace}/${name}`),
    internal: networks.every((name) => facts.internal.has(`${metadata.namespace}/${name}`)),
  };
}

interface Facts {
  readonly byName: ReadonlyMap<string, Workload>;
  readonly internal: ReadonlySet<string>;
}

/** Attachments of all Compose services, by workload id. */
export function attachmentsOf(system: Pick<System, 'workloads' | 'resources'>): ReadonlyMap<string, Attachment> {
  const own = system.workloads.filter(isCompose);
  const byName = new Map(own.map((workload) => [`${workload.namespace}/${workload.name}`, workload]));
  const internal = system.resources
    .filter(({ kind, apiVersion }) => apiVersion === COMPOSE_API && kind === COMPOSE_PROJECT)
    .flatMap(({ spec, metadata }) =>
      Object.entries(objectAt(spec, 'networks') ?? {}).flatMap(([name, network]) =>
        memberOf(network, 'internal') === true ? [`${metadata.namespace}/${name}`] : [],
      ),
    );
  const facts = { byName, internal: new Set(internal) };
  return new Map(own.map((workload) => [workload.id, attachmentOf(workload, facts, 0)]));
}

/** The network that two services share. */
export function sharedNetwork(a: Attachment, b: Attachment): string | undefined {
  if (a.kind === 'host' && b.kind === 'host') return 'host';
  return a.networks.find((name) => b.networks.includes(name));
}

export interface PublishedPort {
  readonly target: number;
  readonly transport: Transport;
  /** Address of the host; '' for all. */
  readonly address: string;
  /** Index in `ports`. */
  readonly index: number;
}

export function publishedPorts(workload: Workload): readonly PublishedPort[] {
  return listAt(workload.resource.spec, 'ports').flatMap((port, index) => {
    const target = memberOf(port, 'target');
    if (typeof target !== 'number') return [];
    const protocol = textAt(port, 'protocol')?.toUpperCase();
    const transport = protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
    return [{ target, transport, address: textAt(port, 'host_ip') ?? '', index }];
  });
}
