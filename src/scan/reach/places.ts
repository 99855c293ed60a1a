// Where pods, nodes and Services have their addresses, as far as the System says.
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { formatInterval, intervalOf, intervalsOf, merge } from './address.ts';
import type { Interval } from './address.ts';
import { annotationOf, listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';

/** A range that something in the System states. */
export interface KnownRange {
  readonly cidr: string;
  readonly interval: Interval;
  readonly of: 'pods' | 'nodes' | 'services';
  readonly by: Resource;
}

/** Kinds that say it, and how. Ranges in text (`10.0.0.0/16,fd00::/56`) are split at commas. */
const SOURCES: readonly {
  readonly kind: string;
  readonly group: string;
  readonly of: KnownRange['of'];
  read(resource: Resource): readonly (string | undefined)[];
}[] = [
  { kind: 'Node', group: '', of: 'pods', read: ({ spec }) => [textAt(spec, 'podCIDR'), ...textsAt(spec, 'podCIDRs')] },
  // What network plugins write on nodes: Cilium, Calico.
  {
    kind: 'Node',
    group: '',
    of: 'pods',
    read: ({ metadata }) => [
      metadata.annotations['io.cilium.network.ipv4-pod-cidr'],
      metadata.annotations['network.cilium.io/ipv4-pod-cidr'],
    ],
  },
  {
    kind: 'Node',
    group: '',
    of: 'nodes',
    read: ({ metadata }) => [annotationOf(metadata.annotations, 'projectcalico.org/ipv4address')],
  },
  { kind: 'IPPool', group: 'projectcalico.org', of: 'pods', read: ({ spec }) => [textAt(spec, 'cidr')] },
  {
    kind: 'Installation',
    group: 'operator.tigera.io',
    of: 'pods',
    read: ({ spec }) => listAt(objectAt(spec, 'calicoNetwork'), 'ipPools').map((pool) => textAt(pool, 'cidr')),
  },
  {
    kind: 'CiliumPodIPPool',
    group: 'cilium.io',
    of: 'pods',
    read: ({ spec }) => textsAt(objectAt(spec, 'ipv4'), 'cidrs'),
  },
  {
    kind: 'ClusterCIDR',
    group: 'networking.k8s.io',
    of: 'pods',
    read: ({ spec }) => [textAt(spec, 'ipv4'), textAt(spec, 'ipv6')],
  },
  { kind: 'ServiceCIDR', group: 'networking.k8s.io', of: 'services', read: ({ spec }) => textsAt(spec, 'cidrs') },
  {
    kind: 'ClusterConfiguration',
    group: 'kubeadm.k8s.io',
    of: 'pods',
    read: ({ body }) => [textAt(memberOf(body, 'networking'), 'podSubnet')],
  },
  {
    kind: 'ClusterConfiguration',
    group: 'kubeadm.k8s.io',
    of: 'services',
    read: ({ body }) => [textAt(memberOf(body, 'networking'), 'serviceSubnet')],
  },
  {
    kind: 'KubeProxyConfiguration',
    group: 'kubeproxy.config.k8s.io',
    of: 'pods',
    read: ({ body }) => [textAt(body, 'clusterCIDR')],
  },
  {
    kind: 'Cluster',
    group: 'kind.x-k8s.io',
    of: 'pods',
    read: ({ body }) => [textAt(memberOf(body, 'networking'), 'podSubnet')],
  },
  {
    kind: 'Cluster',
    group: 'kind.x-k8s.io',
    of: 'services',
    read: ({ body }) => [textAt(memberOf(body, 'networking'), 'serviceSubnet')],
  },
  {
    kind: 'Cluster',
    group: 'cluster.x-k8s.io',
    of: 'pods',
    read: ({ spec }) => textsAt(objectAt(objectAt(spec, 'clusterNetwork'), 'pods'), 'cidrBlocks'),
  },
  {
    kind: 'Cluster',
    group: 'cluster.x-k8s.io',
    of: 'services',
    read: ({ spec }) => textsAt(objectAt(objectAt(spec, 'clusterNetwork'), 'services'), 'cidrBlocks'),
  },
  { kind: 'ClusterConfig', group: 'eksctl.io', of: 'nodes', read: ({ body }) => [textAt(memberOf(body, 'vpc'), 'cidr')] },
  // Amazon's own plugin gives pods addresses of the same network.
  { kind: 'ClusterConfig', group: 'eksctl.io', of: 'pods', read: ({ body }) => [textAt(memberOf(body, 'vpc'), 'cidr')] },
  {
    kind: 'ClusterConfig',
    group: 'eksctl.io',
    of: 'services',
    read: ({ body }) => [textAt(memberOf(body, 'kubernetesNetworkConfig'), 'serviceIPv4CIDR')],
  },
  {
    kind: 'ContainerCluster',
    group: 'container.cnrm.cloud.google.com',
    of: 'pods',
    read: ({ spec }) => [textAt(objectAt(spec, 'ipAllocationPolicy'), 'clusterIpv4CidrBlock')],
  },
  {
    kind: 'ContainerCluster',
    group: 'container.cnrm.cloud.google.com',
    of: 'services',
    read: ({ spec }) => [textAt(objectAt(spec, 'ipAllocationPolicy'), 'servicesIpv4CidrBlock')],
  },
  {
    kind: 'ComputeSubnetwork',
    group: 'compute.cnrm.cloud.google.com',
    of: 'nodes',
    read: ({ spec }) => [textAt(spec, 'ipCidrRange')],
  },
  { kind: 'Subnet', group: 'ec2.services.k8s.aws', of: 'nodes', read: ({ spec }) => [textAt(spec, 'cidrBlock')] },
];

/** ConfigMaps that say it: name, key, pattern of the line. */
const CONFIG_MAPS: readonly (readonly [name: string, key: string, pattern: RegExp, of: KnownRange['of']])[] = [
  ['kubeadm-config', 'ClusterConfiguration', /^\s{0,20}podSubnet:\s{0,20}["']?([0-9a-fA-F.:/,]{3,200})/m, 'pods'],
  ['kubeadm-config', 'ClusterConfiguration', /^\s{0,20}serviceSubnet:\s{0,20}["']?([0-9a-fA-F.:/,]{3,200})/m, 'services'],
  ['kube-proxy', 'config.conf', /^\s{0,20}clusterCIDR:\s{0,20}["']?([0-9a-fA-F.:/,]{3,200})/m, 'pods'],
  ['cilium-config', 'cluster-pool-ipv4-cidr', /^([0-9.:/, ]{3,200})$/, 'pods'],
  ['cilium-config', 'ipv4-native-routing-cidr', /^([0-9.:/, ]{3,200})$/, 'pods'],
  ['cilium-config', 'cluster-pool-ipv6-cidr', /^([0-9a-fA-F:/, ]{3,200})$/, 'pods'],
  ['kube-flannel-cfg', 'net-conf.json', /"Network":\s{0,20}"([0-9./]{3,40})"/, 'pods'],
];
const CONFIG_TEXT_MAX = 64 * 1024;

const stated = new WeakMap<System['resources'], readonly KnownRange[]>();

/** Every range that the System states for pods, nodes or Services, in its order; asking again costs nothing. */
export function knownRanges({ resources }: Pick<System, 'resources'>): readonly KnownRange[] {
  let ranges = stated.get(resources);
  if (!ranges) stated.set(resources, (ranges = rangesIn(resources)));
  return ranges;
}

function rangesIn(resources: System['resources']): readonly KnownRange[] {
  const found = new Map<string, KnownRange>();
  const add = (of: KnownRange['of'], text: string | undefined, by: Resource): void => {
    for (const part of (text ?? '').split(',')) {
      const cidr = part.trim();
      const interval = cidr.includes('/') ? intervalOf(cidr) : undefined;
      // A range of everything is a placeholder, not a statement.
      if (interval && !cidr.endsWith('/0') && !found.has(`${of} ${cidr}`)) found.set(`${of} ${cidr}`, { cidr, interval, of, by });
    }
  };
  for (const resource of resources) {
    const slash = resource.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : resource.apiVersion.slice(0, slash);
    for (const source of SOURCES) {
      const same = source.kind === resource.kind && (source.group === group || group.endsWith(`.${source.group}`));
      if (same) for (const text of source.read(resource)) add(source.of, text, resource);
    }
    if (resource.kind === 'ConfigMap') {
      for (const [name, key, pattern, of] of CONFIG_MAPS) {
        const text = resource.metadata.name === name ? textAt(memberOf(resource.body, 'data'), key) : undefined;
        if (text !== undefined) add(of, pattern.exec(text.slice(0, CONFIG_TEXT_MAX))?.[1], resource);
      }
    }
  }
  return [...found.values()];
}

const POD_IP = 'cni.projectcalico.org/podip';

/**
 * Addresses of workloads, by workload id: what EndpointSlices say whose Service selects just one workload, and what Calico wrote on a Pod.
 */
export function podAddresses(
  system: Pick<System, 'resources' | 'services' | 'workloads'>,
): ReadonlyMap<string, readonly Interval[]> {
  const found = new Map<string, Interval[]>();
  const add = (id: string, intervals: readonly Interval[]): void => {
    if (intervals.length > 0) found.set(id, [...(found.get(id) ?? []), ...intervals]);
  };
  for (const { id, kind, annotations } of system.workloads) {
    if (kind === 'Pod') add(id, intervalsOf((annotationOf(annotations, POD_IP) ?? '').split(',')));
  }
  for (const slice of system.resources) {
    if (slice.kind !== 'EndpointSlice') continue;
    const { namespace, labels } = slice.metadata;
    const service = system.services.find((each) => each.id === `${namespace}/${labels['kubernetes.io/service-name'] ?? ''}`);
    const owners = service?.selector
      ? system.workloads.filter((each) => each.namespace === namespace && labelsMatch(service.selector!, each.labels))
      : [];
    if (owners.length === 1) add(owners[0]!.id, sliceIntervals(slice));
  }
  return new Map([...found].map(([id, intervals]) => [id, merge(intervals)]));
}

function sliceIntervals({ body }: Resource): readonly Interval[] {
  return listAt(body, 'endpoints').flatMap((endpoint) => intervalsOf(textsAt(endpoint, 'addresses')));
}

const SLICE_RANGES_MAX = 200;

/** Single addresses of pods, from EndpointSlices of Services with a selector; for a System that states no range of pods. */
export function sliceRanges(system: Pick<System, 'resources' | 'services'>): readonly KnownRange[] {
  const selecting = new Set(system.services.flatMap(({ id, selector }) => (selector ? [id] : [])));
  return system.resources
    .filter(
      ({ kind, metadata }) =>
        kind === 'EndpointSlice' && selecting.has(`${metadata.namespace}/${metadata.labels['kubernetes.io/service-name'] ?? ''}`),
    )
    .flatMap((slice) =>
      sliceIntervals(slice).map((interval): KnownRange => ({ cidr: formatInterval(interval), interval, of: 'pods', by: slice })),
    )
    .slice(0, SLICE_RANGES_MAX);
}
