// Names of hosts as the mesh compares them, and from where a thing can be seen.
import type { Resource } from '#model/resource.ts';
import { textsAt } from '#base/raw.ts';
import { Budget } from './budget.ts';
import type { MeshIndex } from './mesh-index.ts';

/** The full name of a Service's short name; everything else as it is. */
export function fullName(host: string, namespace: string, clusterDomain: string): string {
  if (host === '' || host.includes('.') || host.startsWith('*')) return host;
  return `${host}.${namespace}.svc.${clusterDomain}`;
}

/** The Service that a host of a rule in `namespace` names: `name`, `name.namespace`, `name.namespace.svc`, or in full. */
export function serviceOf(mesh: MeshIndex, host: string, namespace: string): Resource | undefined {
  const place = servicePlace(mesh, host, namespace);
  return place && mesh.named('', 'Service', place.namespace, place.name);
}

/** Where the Service of that name would be; undefined for a host outside the cluster. */
export function servicePlace(
  mesh: Pick<MeshIndex, 'clusterDomain' | 'named'>,
  host: string,
  namespace: string,
): { readonly name: string; readonly namespace: string } | undefined {
  if (host === '' || host.startsWith('*')) return undefined;
  const full = `.svc.${mesh.clusterDomain}`;
  const bare = host.endsWith(full) ? host.slice(0, -full.length) : host.endsWith('.svc') ? host.slice(0, -4) : undefined;
  const parts = (bare ?? host).split('.');
  const [name = '', second] = parts;
  if (parts.length === 1) return { name, namespace };
  if (parts.length !== 2 || second === undefined) return undefined;
  // Without `.svc` it might be any domain; it is a Service where that one is known.
  if (bare === undefined && !mesh.named('', 'Service', second, name)) return undefined;
  return { name, namespace: second };
}

/** Whether one of two hosts, either of which may begin with `*`, takes in the other. */
export function hostsMatch(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a);
}

/** Whether `wide` takes in every host of `narrow`. */
export function covers(wide: string, narrow: string): boolean {
  if (!wide.startsWith('*')) return wide === narrow;
  const suffix = wide.slice(1);
  return narrow.startsWith('*') ? narrow.slice(1).endsWith(suffix) : narrow.endsWith(suffix) && narrow.length > suffix.length;
}

/** Namespaces from which a thing is seen. */
export type Scope = ReadonlySet<string> | 'all';

/** `exportTo` of a rule or a ServiceEntry in `namespace`; nothing said means everywhere. */
function exportScope(values: readonly string[], namespace: string): Scope {
  if (values.length === 0 || values.includes('*')) return 'all';
  return new Set(values.filter((value) => value !== '~').map((value) => (value === '.' ? namespace : value)));
}

export function scopeOf({ spec, metadata }: Resource): Scope {
  return exportScope(textsAt(spec, 'exportTo'), metadata.namespace);
}

/** A Service says it by annotation. */
export function serviceScope({ metadata }: Resource): Scope {
  const said = metadata.annotations['networking.istio.io/exportTo'];
  const values = (said ?? '').split(',').map((value) => value.trim());
  return exportScope(
    values.filter((value) => value !== ''),
    metadata.namespace,
  );
}

export function isVisible(scope: Scope, from: string): boolean {
  return scope === 'all' || scope.has(from);
}

export function scopesMeet(a: Scope, b: Scope): boolean {
  if (a === 'all') return b === 'all' || b.size > 0;
  if (b === 'all') return a.size > 0;
  for (const name of a) if (b.has(name)) return true;
  return false;
}

/** Values by host, where hosts may begin with `*`; looking one up costs as much as the host has parts. */
export class HostIndex<T> {
  readonly #exact = new Map<string, T[]>();
  readonly #patterns = new Map<string, T[]>();
  readonly #hosts: (readonly [host: string, value: T])[] = [];
  readonly #budget = new Budget(300_000);

  add(host: string, value: T): void {
    const map = host.startsWith('*') ? this.#patterns : this.#exact;
    const key = host.startsWith('*') ? host.slice(1) : host;
    const list = map.get(key);
    if (list) list.push(value);
    else map.set(key, [value]);
    this.#hosts.push([host, value]);
  }

  /** Values of hosts that take in `host`; for a pattern those of hosts on either side of it. */
  find(host: string): readonly T[] {
    if (host.startsWith('*')) {
      const same = this.#patterns.get(host.slice(1));
      if (same || !this.#budget.take(this.#hosts.length)) return same ?? [];
      return this.#hosts.filter(([other]) => hostsMatch(other, host)).map(([, value]) => value);
    }
    const found = [...(this.#exact.get(host) ?? []), ...(this.#patterns.get('') ?? [])];
    for (let at = host.indexOf('.'); at !== -1; at = host.indexOf('.', at + 1))
      found.push(...(this.#patterns.get(host.slice(at)) ?? []));
    return found;
  }
}
