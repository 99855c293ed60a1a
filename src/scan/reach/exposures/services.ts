// Openings of Services and pods: LoadBalancer, NodePort, externalIPs, hostPort, hostNetwork.
import type { Resource } from '#model/resource.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { targetPort } from '#plan/services.ts';
import { isHostNetwork, listeningPorts, podSpecOf } from '../endpoints.ts';
import type { Reason, Transport } from '../face.ts';
import { listAt, numberAt, textAt, textsAt } from '#base/raw.ts';
import { reasonOf, resourceName } from '../reasons.ts';
import { INTERNAL_SOURCES } from './drafts.ts';
import type { ExposureDraft } from './drafts.ts';

/** Annotations by which a cloud makes a balancer internal, with the values that do. */
const INTERNAL: readonly (readonly [key: string, value: RegExp])[] = [
  ['service.beta.kubernetes.io/aws-load-balancer-internal', /^(?:true|0\.0\.0\.0\/0)$/i],
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', /^internal$/i],
  ['networking.gke.io/load-balancer-type', /^internal$/i],
  ['cloud.google.com/load-balancer-type', /^internal$/i],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', /^true$/i],
  ['service.beta.kubernetes.io/openstack-internal-load-balancer', /^true$/i],
  ['service.beta.kubernetes.io/oci-load-balancer-internal', /^true$/i],
  ['service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type', /^private$/i],
  ['service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type', /^intranet$/i],
  ['service.kubernetes.io/qcloud-loadbalancer-internal-subnetid', /./],
];
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** Workloads behind a Service. */
export function workloadsBehind(system: Pick<System, 'workloads'>, service: Service): readonly Workload[] {
  const { selector, namespace } = service;
  if (!selector) return [];
  return workloadsMatching(system, namespace, selector);
}

/** Where clients of a Service may come from, and why; empty ranges: everywhere. */
export function serviceSources({ resource }: Service): {
  readonly sources: readonly string[];
  readonly reasons: readonly Reason[];
} {
  const { annotations } = resource.metadata;
  const written = textsAt(resource.spec, 'loadBalancerSourceRanges');
  const ranges =
    written.length > 0
      ? written
      : (annotations[SOURCE_RANGES] ?? '')
          .split(',')
          .map((each) => each.trim())
          .filter((each) => each !== '');
  const narrow = ranges.filter((range) => !range.endsWith('/0'));
  if (narrow.length > 0 && narrow.length === ranges.length) {
    const path = written.length > 0 ? ['spec', 'loadBalancerSourceRanges'] : ['metadata', 'annotations', SOURCE_RANGES];
    return {
      sources: narrow,
      reasons: [reasonOf(false, `${resourceName(resource)} lets in ${narrow.join(', ')} only`, resource, path)],
    };
  }
  for (const [key, value] of INTERNAL) {
    const said = annotations[key];
    if (said !== undefined && value.test(said)) {
      return {
        sources: INTERNAL_SOURCES,
        reasons: [reasonOf(false, `\`${key}\` makes the balancer internal`, resource, ['metadata', 'annotations', key])],
      };
    }
  }
  return { sources: [], reasons: [] };
}

/** The transport of a Service's port; its place in `spec.ports` is `index`. */
export function transportOf(service: Service, index: number): Transport {
  const protocol = textAt(listAt(service.resource.spec, 'ports')[index], 'protocol');
  return protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
}

export function serviceDrafts(system: System): readonly ExposureDraft[] {
  return system.services.flatMap((service) => {
    const { resource } = service;
    const external = textsAt(resource.spec, 'externalIPs').length > 0;
    if (service.type !== 'LoadBalancer' && service.type !== 'NodePort' && !external) return [];
    const { sources, reasons } = serviceSources(service);
    const kept = textAt(resource.spec, 'externalTrafficPolicy') === 'Local';
    const through = service.type === 'NodePort' || external ? ('node-port' as const) : ('load-balancer' as const);
    const what =
      service.type === 'NodePort'
        ? 'opens a port of every node'
        : service.type === 'LoadBalancer'
          ? 'opens a load balancer'
          : 'answers on external addresses';
    return workloadsBehind(system, service).flatMap((target) =>
      service.ports.flatMap((each, index): ExposureDraft[] => {
        const port = targetPort(target, each);
        if (port === undefined) return [];
        return [
          {
            target,
            port,
            transport: transportOf(service, index),
            service: { id: service.id, port: each.port },
            through,
            by: [resource],
            path: ['spec', 'ports', index],
            hosts: [],
            paths: [],
            tls: endsTls(resource, each.port, each.name) || each.protocol === 'tls',
            sources,
            edge: [
              reasonOf(true, `${resourceName(resource)} ${what} for ${each.port}`, resource, ['spec', 'ports', index]),
              ...reasons,
            ],
            edgeAuthenticates: false,
            sender: kept ? { kind: 'client' } : { kind: 'node' },
          },
        ];
      }),
    );
  });
}

/** AWS ends TLS at the balancer for the ports that are named. */
function endsTls({ metadata }: Resource, port: number, name: string): boolean {
  if (metadata.annotations['service.beta.kubernetes.io/aws-load-balancer-ssl-cert'] === undefined) return false;
  const ports = metadata.annotations['service.beta.kubernetes.io/aws-load-balancer-ssl-ports'];
  if (ports === undefined || ports.trim() === '*') return true;
  return ports.split(',').some((each) => each.trim() === String(port) || each.trim() === name);
}

/** `hostPort` of containers, and every declared port of pods on the host's network. */
export function podDrafts(system: System): readonly ExposureDraft[] {
  return system.workloads.flatMap((target) => {
    const spec = podSpecOf(target.resource);
    if (!spec) return [];
    const base = { target, by: [target.resource], hosts: [], paths: [], tls: false, sources: [], edgeAuthenticates: false };
    if (isHostNetwork(target)) {
      const reason = reasonOf(true, `${target.id} uses the host network: its ports are the node's`, target.resource);
      return listeningPorts(target).map(({ port, transport }): ExposureDraft => ({
        ...base,
        port,
        transport,
        through: 'host-network',
        path: [],
        edge: [reason],
        sender: { kind: 'client' },
      }));
    }
    return listAt(spec, 'containers').flatMap((container) =>
      listAt(container, 'ports').flatMap((raw): ExposureDraft[] => {
        const [hostPort, port] = [numberAt(raw, 'hostPort'), numberAt(raw, 'containerPort')];
        // Bound to the node's own loopback, nobody outside reaches it.
        const address = textAt(raw, 'hostIP') ?? '';
        if (hostPort === undefined || hostPort === 0 || port === undefined || address.startsWith('127.') || address === '::1')
          return [];
        const protocol = textAt(raw, 'protocol');
        const transport = protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP';
        const edge = [reasonOf(true, `\`hostPort: ${hostPort}\` of ${target.id} is a port of the node`, target.resource)];
        return [{ ...base, port, transport, through: 'host-port', path: [], edge, sender: { kind: 'client' } }];
      }),
    );
  });
}
