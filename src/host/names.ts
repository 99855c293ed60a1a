// Names and addresses of the mesh as a workload inside a namespace sees them: those of a Kubernetes cluster.
import type { MeshService } from './protocol.ts';

export const CLUSTER_DOMAIN = 'cluster.local';
/** Kubernetes' own defaults for services, and a range for workloads. */
export const SERVICE_RANGE = { prefix: [10, 96] as const, bits: 16, text: '10.96.0.0/12' };
/** Istio's own for hosts outside the mesh (DNS proxying, address auto-allocation). */
export const OUTSIDE_RANGE = { prefix: [240, 240] as const, text: '240.240.0.0/16' };
const WORKLOAD_RANGE = [10, 244] as const;

/** Every name under which a service is known to a program in namespace `from`, the short one only at home. */
export function serviceNames(name: string, namespace: string, from: string, domain = CLUSTER_DOMAIN): string[] {
  const full = [`${name}.${namespace}.svc.${domain}`, `${name}.${namespace}.svc`, `${name}.${namespace}`];
  return namespace === from ? [name, ...full] : full;
}

/**
 * An address per service id, the same in every run as long as no two ids meet on one: derived from the id, the next free one on collision.
 * @throws RangeError beyond 60,000 services
 */
export function assignServiceIps(ids: readonly string[]): Map<string, string> {
  return assign(ids, SERVICE_RANGE.prefix);
}

/** The same for hosts outside the mesh. */
export function assignOutsideIps(hosts: readonly string[]): Map<string, string> {
  return assign(hosts, OUTSIDE_RANGE.prefix);
}

/** The same for workloads: the address a pod would have. */
export function assignWorkloadIps(ids: readonly string[]): Map<string, string> {
  return assign(ids, WORKLOAD_RANGE);
}

function assign(ids: readonly string[], [a, b]: readonly [number, number]): Map<string, string> {
  if (ids.length > 60_000) throw new RangeError('more than 60,000 addresses');
  const used = new Set<number>();
  const ips = new Map<string, string>();
  for (const id of [...new Set(ids)].sort()) {
    let host = hash(id) % 65_024;
    while (used.has(host)) host = (host + 1) % 65_024;
    used.add(host);
    // .1.0 upwards; .0.x stays free for the cluster's own (10.96.0.1 is the API, 10.96.0.10 the DNS).
    ips.set(id, `${a}.${b}.${(host >> 8) + 1}.${host & 255}`);
  }
  return ips;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** Whether the sidecar may listen on it for a workload: the ranges of services and of hosts outside, and what stands for itself. */
export function isServiceAddress(ip: string, services: readonly MeshService[]): boolean {
  const [a = 0, b = 0] = ip.split('.').map(Number);
  return (a === 10 && (b & 0xf0) === 96) || (a === 240 && b === 240) || services.some((service) => service.ip === ip);
}

/** /etc/hosts. Names are already checked by the readers; what could break a line is left out all the same. */
export function hostsText(services: readonly MeshService[], hostname: string, ip: string): string {
  const lines = [`127.0.0.1 localhost`, `${ip} ${hostname}`];
  for (const service of services) {
    // A wildcard is the name server's to answer.
    const names = service.names.filter((name) => /^[A-Za-z0-9._-]+$/.test(name));
    if (names.length > 0) lines.push(`${service.ip} ${names.join(' ')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** Addresses outside the mesh that stand for themselves: those of services without names. */
export function ownRoutes(services: readonly MeshService[]): string[] {
  return services.filter(({ names, outside }) => outside && names.length === 0).map(({ ip }) => ip);
}

/** Lower-case name -> address, for the name server. */
export function nameTable(services: readonly MeshService[]): [string, string][] {
  return services.flatMap((service) => service.names.map((name): [string, string] => [name.toLowerCase(), service.ip]));
}

/** /etc/resolv.conf, as the kubelet writes it for ClusterFirst. */
export function resolvText(namespace: string, domain = CLUSTER_DOMAIN): string {
  return `nameserver 127.0.0.53\nsearch ${namespace}.svc.${domain} svc.${domain} ${domain}\noptions ndots:5\n`;
}
