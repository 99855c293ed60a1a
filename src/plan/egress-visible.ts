// What of the mesh and of the outside one workload may see: exportTo of the resource, and the Sidecar that applies (istio/api networking/v1 Sidecar).
import type { Sidecar } from '#model/istio-egress.ts';
import type { OutboundMode } from '#model/istio.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Service, System, Workload } from '#model/system.ts';

type Seen = Pick<System, 'mesh' | 'sidecars'>;
type Caller = Pick<Workload, 'namespace' | 'labels'>;

/** Whether a resource of `namespace` is exported to `to`: `*` everybody, `.` its own namespace, `~` nobody, else namespaces by name. */
export function isExported(exportTo: readonly string[], namespace: string, to: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((one) => one === '*' || (one === '.' ? namespace === to : one === to));
}

/** The one Sidecar that applies: of the namespace with a selector that fits, else of the namespace without one, else of the root namespace. */
export function sidecarFor(system: Seen, { namespace, labels }: Caller): Sidecar | undefined {
  const own = system.sidecars.filter((one) => one.namespace === namespace);
  const selecting = own.find(({ spec }) => spec.workloadSelector !== undefined && labelsMatch(spec.workloadSelector, labels));
  if (selecting) return selecting;
  const without = (list: readonly Sidecar[]): Sidecar | undefined => list.find(({ spec }) => spec.workloadSelector === undefined);
  return without(own) ?? without(system.sidecars.filter((one) => one.namespace === system.mesh.rootNamespace));
}

/** What becomes of calls to hosts that nothing names. */
export function outboundMode(system: Seen, caller: Caller): OutboundMode {
  return sidecarFor(system, caller)?.spec.outboundTrafficPolicy ?? system.mesh.outboundTrafficPolicy;
}

/**
 * The part of a host that a workload may see on a port.
 * @param host lower case, `*.example.com` for a wildcard
 * @returns the host, narrower names when the Sidecar names some below a wildcard, or nothing
 */
export function visibleHosts(sidecar: Sidecar | undefined, namespace: string, host: string, port: number, to: string): string[] {
  const egress = sidecar?.spec.egress;
  if (!egress) return [host];
  const found = new Set<string>();
  for (const listener of egress) {
    if (listener.port !== undefined && listener.port !== port) continue;
    for (const text of listener.hosts) {
      const slash = text.indexOf('/');
      const [space, pattern] = slash === -1 ? ['*', text] : [text.slice(0, slash), text.slice(slash + 1)];
      if (space === '~' || !(space === '*' || (space === '.' ? namespace === to : namespace === space))) continue;
      const wanted = pattern.toLowerCase();
      if (covers(wanted, host)) found.add(host);
      else if (covers(host, wanted)) found.add(wanted);
    }
  }
  return found.has(host) ? [host] : [...found];
}

/** Whether a workload may be given a listener for a service of the mesh. */
export function seesService(sidecar: Sidecar | undefined, service: Service, port: number, to: string): boolean {
  return visibleHosts(sidecar, service.namespace, service.host.toLowerCase(), port, to).length > 0;
}

/** Whether everything that `narrow` stands for is also `wide`: equal, or below `*.suffix`, or `*`. Both in lower case. */
export function covers(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === '*') return true;
  return wide.startsWith('*') && narrow.length > wide.length - 1 && narrow.endsWith(wide.slice(1));
}
