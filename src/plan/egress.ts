// The ways out of the mesh: ServiceEntries as the list of what may be called, and for one workload the listeners that lead there.
import { parseIpRange } from '#base/ip-set.ts';
import type { EntryPort, EntryProtocol, ServiceEntry } from '#model/istio-egress.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { Observed } from '#model/observed.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { Caller } from './destination-rules.ts';
import { throughGateway } from './egress-gateway.ts';
import { outsideRule } from './egress-rule.ts';
import { isExported, outboundMode, sidecarFor, visibleHosts } from './egress-visible.ts';
import type { Cluster, EgressListener, EgressTarget, Endpoint } from './plan.ts';
import { usableReplicas } from './replicas.ts';

/** One address and port that a workload may be given a listener for. */
export interface EgressDestination {
  /** Key of its placement: `api.example.com:443`, `203.0.113.7:5432`, `*:443`. */
  readonly key: string;
  /** Lower-case host name, `*.example.com`, `*`, or an address. */
  readonly host: string;
  readonly port: number;
  /** The host is an address that the entry names, and is listened on as it is. */
  readonly literal: boolean;
  readonly http2: boolean;
  readonly listener: EgressListener;
  readonly clusters: readonly Cluster[];
}

type Closed = { what: string; why: string; at: string }[];

/** Addresses of one range that are served one by one; a wider range is told and closed. */
export const RANGE_MAX = 256;
/** What ALLOW_ANY can lead out: protocols that name the host they want. */
const ANY_PORTS = [
  { port: 80, protocol: 'http' },
  { port: 443, protocol: 'tls' },
] as const;

const KINDS: Readonly<Record<EntryProtocol, EgressListener['protocol'] | undefined>> = {
  HTTP: 'http',
  HTTP2: 'http',
  GRPC: 'http',
  'GRPC-WEB': 'http',
  HTTPS: 'tls',
  TLS: 'tls',
  TCP: 'tcp',
  MONGO: 'tcp',
  REDIS: 'tcp',
  MYSQL: 'tcp',
  UDP: undefined,
  HTTP_PROXY: undefined,
};

/**
 * All that a workload may call outside the services of the mesh. Where two entries name one host and port, that of the workload's own namespace wins, then
 * by namespace and name.
 * @param direct past egress gateways: what such a gateway itself may call
 * @param observed placements of the workloads that entries select; absent: their endpoints stay empty, for who needs keys and hosts only
 */
export function egressDestinations(system: System, workload: Caller, observed?: Observed, direct = false): EgressDestination[] {
  const sidecar = sidecarFor(system, workload);
  const found = new Map<string, EgressDestination>();
  const add = (one: EgressDestination): void => {
    const before = found.get(one.key);
    if (!before) found.set(one.key, one);
    // One address serves the hosts of several entries, told apart by name.
    else if (one.literal && one.listener.protocol !== 'tcp' && before.listener.protocol === one.listener.protocol)
      found.set(one.key, {
        ...before,
        listener: { ...before.listener, targets: [...before.listener.targets, ...one.listener.targets] },
        clusters: [...before.clusters, ...one.clusters],
      });
  };
  for (const entry of visibleEntries(system, workload))
    for (const port of entry.spec.ports) {
      const protocol = KINDS[port.protocol];
      if (protocol === undefined) continue;
      const named = entry.spec.hosts.filter((host) => host !== '*');
      const hosts = named.flatMap((host) =>
        visibleHosts(sidecar, entry.namespace, host.toLowerCase(), port.number, workload.namespace),
      );
      const make = (host: string, names: readonly string[], literal: boolean): void => {
        const cluster = clusterOf(system, entry, port, host, literal, workload, observed, direct);
        if (cluster.endpoints.length === 0 && cluster.external?.asked !== true && observed) return;
        if (cluster.external?.asked === true && protocol === 'tcp') return;
        const targets: EgressTarget[] = [{ hosts: names, cluster: cluster.id, entry: entryId(entry) }];
        const http2 = port.protocol === 'GRPC' || port.protocol === 'HTTP2';
        add({
          key: `${host}:${port.number}`,
          host,
          port: port.number,
          literal,
          http2,
          listener: { protocol, targets },
          clusters: [cluster],
        });
      };
      for (const host of hosts) make(host, [host], false);
      if (hosts.length > 0) for (const address of literalAddresses(entry)) make(address, [...hosts, address], true);
    }
  if (outboundMode(system, workload) === 'ALLOW_ANY') for (const one of ANY_PORTS) add(anyDestination(one.port, one.protocol));
  return [...found.values()];
}

/** Host names that need an address inside the namespaces, over the whole System, sorted. */
export function egressHosts(system: System): string[] {
  const hosts = new Set<string>();
  for (const workload of system.workloads)
    for (const { host, literal } of egressDestinations(system, workload)) if (!literal) hosts.add(host);
  return [...hosts].sort();
}

/** What of the entries cannot be honoured, once each. */
export function tellClosed(system: System, observed: Observed, closed: Closed): void {
  for (const entry of system.serviceEntries) {
    const at = formatLocation(originOf(entry.resource));
    const say = (why: string): void => void closed.push({ what: `ServiceEntry ${entryId(entry)}`, why, at });
    const { hosts, ports, addresses, endpoints, resolution } = entry.spec;
    for (const { name, protocol } of ports)
      if (KINDS[protocol] === undefined) say(`port \`${name}\`: ${protocol} does not leave this data plane`);
    if (hosts.includes('*')) say('`*` is no host: ALLOW_ANY of `outboundTrafficPolicy` is what opens everything');
    const named = hosts.some((host) => !host.includes('*')) || addresses.length > 0;
    if (!named && ports.some(({ protocol }) => KINDS[protocol] === 'tcp'))
      say('a TCP port of a wildcard host names nothing that could be dialled: name hosts or addresses');
    for (const address of addresses) {
      if (!parseIpRange(address)) say(`\`${address}\` is no address`);
      else if (isIpv6(address)) say(`\`${address}\`: there is no IPv6 inside the namespaces`);
      else if (isReserved(address)) say(`\`${address}\` belongs to the mesh itself or to this machine`);
      else if (addressesOf(address) === undefined) say(`\`${address}\` has more than ${RANGE_MAX} addresses`);
    }
    if (endpoints.some(({ address }) => address.startsWith('unix:'))) say('endpoints that are unix sockets are not dialled');
    if (resolution === 'STATIC' && endpoints.length === 0 && entry.spec.workloadSelector === undefined)
      say('`resolution: STATIC` without endpoints leads nowhere');
  }
  for (const workload of system.workloads)
    for (const each of egressDestinations(system, workload, observed)) tellTls(each, closed);
  for (const { namespace, name, spec, resource } of system.sidecars)
    if (spec.unsupported.length > 0)
      closed.push({
        what: `Sidecar ${namespace}/${name}`,
        why: `${spec.unsupported.map((one) => `\`${one}\``).join(', ')} is not acted on by this data plane`,
        at: formatLocation(originOf(resource)),
      });
}

/** TLS whose roots or key pair cannot be had stays closed. */
function tellTls({ clusters }: EgressDestination, closed: Closed): void {
  for (const { external, host, port } of clusters) {
    const tls = external?.tls;
    const what = `TLS to ${host}:${port}`;
    if (tls?.fault === undefined || closed.some((one) => one.what === what && one.at === tls.at)) continue;
    closed.push({ what, why: tls.fault, at: tls.at });
  }
}

export function entryId(entry: ServiceEntry): string {
  return `${entry.namespace}/${entry.name}`;
}

/** Entries that are exported to the workload's namespace, the workload's own namespace first. */
function visibleEntries(system: System, { namespace }: Caller): ServiceEntry[] {
  const rank = (entry: ServiceEntry): string => `${entry.namespace === namespace ? 0 : 1} ${entryId(entry)}`;
  return system.serviceEntries
    .filter((entry) => isExported(entry.spec.exportTo, entry.namespace, namespace))
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** IPv4 addresses that an entry names, ranges one by one. */
export function literalAddresses(entry: ServiceEntry): string[] {
  return entry.spec.addresses.flatMap((text) => (isReserved(text) || isIpv6(text) ? [] : (addressesOf(text) ?? [])));
}

/** Every address of an IPv4 range of at most RANGE_MAX. */
function addressesOf(text: string): string[] | undefined {
  const range = parseIpRange(text);
  if (!range?.v4) return undefined;
  const [start, count] = [Number(range.start), Number(range.end - range.start) + 1];
  if (count > RANGE_MAX) return undefined;
  return Array.from({ length: count }, (_, i) => [24, 16, 8, 0].map((shift) => ((start + i) >>> shift) & 255).join('.'));
}

function isIpv6(text: string): boolean {
  return text.includes(':');
}

/** Loopback, link-local and the mesh's own ranges are never led out under their own address. */
function isReserved(text: string): boolean {
  return /^(?:0|127|22[4-9]|23\d)\.|^169\.254\.|^10\.(?:9[6-9]|10\d|11[01]|244)\.|^240\.240\.|^255\./.test(text);
}

function clusterOf(
  system: System,
  entry: ServiceEntry,
  port: EntryPort,
  host: string,
  literal: boolean,
  caller: Caller,
  observed: Observed | undefined,
  direct: boolean,
): Cluster {
  const { spec } = entry;
  const at = formatLocation(originOf(entry.resource));
  const named = literal ? (spec.hosts[0] ?? host).toLowerCase() : host;
  const gateway = direct ? undefined : throughGateway(system, entry, named, KINDS[port.protocol]!, observed);
  if (gateway)
    return { ...gateway, id: `${entryId(entry)}|${host}:${port.number}|through`, service: host, host: named, port: port.number };
  const rule = outsideRule(system, caller, named, port.number, entry.namespace, observed?.tls);
  const endpoints = rule?.unsupported === undefined ? endpointsOf(system, entry, port, host, literal, observed) : [];
  const asked = endpoints.length === 0 && host.includes('*') && rule?.unsupported === undefined;
  // Where the program begins TLS itself, a second TLS around it would reach nobody.
  const tls = KINDS[port.protocol] !== 'tls' &&
    rule?.tls && {
      ...rule.tls,
      subjectAltNames: rule.tls.subjectAltNames.length > 0 ? rule.tls.subjectAltNames : spec.subjectAltNames,
    };
  return {
    id: `${entryId(entry)}|${host}:${port.number}${rule ? `|${rule.id}` : ''}`,
    service: host,
    host: named,
    port: port.number,
    protocol: KINDS[port.protocol] === 'http' ? 'http' : 'tcp',
    ...((port.protocol === 'GRPC' || port.protocol === 'HTTP2') && { http2: true as const }),
    sni: '',
    ...(rule && { traffic: rule.traffic }),
    endpoints,
    external: { entry: entryId(entry), at, ...(asked && { asked: true as const }), ...(tls && { tls }) },
  };
}

function endpointsOf(
  system: System,
  { namespace, spec }: ServiceEntry,
  port: EntryPort,
  host: string,
  literal: boolean,
  observed: Observed | undefined,
): Endpoint[] {
  const number = port.targetPort ?? port.number;
  if (spec.workloadSelector) {
    const chosen = system.workloads.filter(
      (one) => one.namespace === namespace && labelsMatch(spec.workloadSelector!, one.labels),
    );
    return chosen.flatMap(({ id, identity }) =>
      (observed ? usableReplicas(observed, id) : []).flatMap(({ inbound, draining }) => {
        const address = inbound[number];
        return address ? [{ workload: id, address, identity, ...(draining && { draining }) }] : [];
      }),
    );
  }
  const to = (ip: string, at: number): Endpoint => ({ workload: host, address: { ip, port: at }, identity: '' });
  const written = spec.endpoints.filter(({ address }) => address !== '' && !address.startsWith('unix:'));
  if (spec.resolution !== 'NONE' && written.length > 0)
    return written.map(({ address, ports }) => to(address.toLowerCase(), ports[port.name] ?? number));
  if (spec.resolution === 'STATIC') return [];
  if (literal) return [to(host, number)];
  if (spec.resolution === 'NONE' && KINDS[port.protocol] === 'tcp') {
    const addresses = spec.addresses.filter((one) => !one.includes('/') && addressesOf(one) !== undefined && !isReserved(one));
    if (addresses.length > 0) return addresses.map((ip) => to(ip, number));
  }
  return host.includes('*') ? [] : [to(host, number)];
}

function anyDestination(port: number, protocol: 'http' | 'tls'): EgressDestination {
  const id = `|*:${port}`;
  const cluster: Cluster = {
    id,
    service: '*',
    host: '*',
    port,
    protocol: protocol === 'http' ? 'http' : 'tcp',
    sni: '',
    endpoints: [],
    external: { entry: '', at: '', asked: true },
  };
  return {
    key: `*:${port}`,
    host: '*',
    port,
    literal: false,
    http2: false,
    listener: { protocol, targets: [{ hosts: ['*'], cluster: id, entry: '' }] },
    clusters: [cluster],
  };
}
