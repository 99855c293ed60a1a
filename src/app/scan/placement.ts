// Which workloads run what a lockfile names, and where those stand.
import type { Unit } from '#ingest/units.ts';
import type { System, Workload } from '#model/system.ts';
import type { VulnerabilityInput } from '#scan/attack/model.ts';
import { INTERNET } from '#scan/reach/face.ts';
import type { Reach } from '#scan/reach/face.ts';
import type { RatedVulnerability } from '#scan/vulnerabilities/findings.ts';
import type { Package } from '#scan/vulnerabilities/package.ts';
import type { Reachability } from '#scan/vulnerabilities/priority.ts';
import type { UnitData } from './data.ts';

/** How many folders above a lockfile may carry the service's name: `src/cartservice/src/go.sum`. */
const FOLDERS_UP = 3;

/** Workloads whose name, or whose image's name, is that of a folder the file lies in. */
function workloadsOf(system: System, file: string): readonly Workload[] {
  const folders = file.split('/').slice(0, -1).slice(-FOLDERS_UP);
  return system.workloads.filter((workload) => {
    const names = [workload.name, ...workload.containers.map(({ image }) => imageName(image))];
    return folders.some((folder) => names.includes(folder));
  });
}

/** `registry.example.com:5000/shop/cart:1.2@sha256:…` -> `cart` */
function imageName(image: string): string {
  const path = image.split('@', 1)[0] ?? '';
  return (path.slice(path.lastIndexOf('/') + 1).split(':', 1)[0] ?? '').trim();
}

/** Vulnerabilities as the attack graph wants them: those whose package is known to run in a workload. */
export function vulnerabilitiesIn(system: System, rated: readonly RatedVulnerability[]): readonly VulnerabilityInput[] {
  return rated.flatMap((one): VulnerabilityInput[] => {
    if (one.package.dev === true) return [];
    return workloadsOf(system, one.package.location.file).map((workload) => ({
      workload: workload.id,
      id: one.id,
      severity: one.priority.severity,
      ...(one.score && { vector: one.score.vector }),
      kev: one.priority.kev,
      ...(one.priority.epss !== undefined && { epss: one.priority.epss }),
      package: `${one.package.name} ${one.package.version}`,
      ...(one.fixedIn !== undefined && { fixedIn: one.fixedIn }),
      location: one.package.location,
    }));
  });
}

/** Pairs that are asked for; a workload beyond them is taken to be reached, which says too much rather than too little. */
const PAIRS_MAX = 25_000_000;

/** Where each workload stands. */
export function standsOf(reach: Reach, onPaths: ReadonlySet<string>): UnitData['stands'] {
  const exposed = new Set(reach.exposures().map(({ to }) => to));
  let left = PAIRS_MAX;
  return reach.workloads.map((id) => {
    const from = exposed.has(id)
      ? INTERNET
      : left <= 0 || reach.workloads.some((other) => left-- > 0 && other !== id && reach.connections(other, id).length > 0)
        ? 'inside'
        : 'none';
    return [id, from, onPaths.has(id)] as const;
  });
}

const RANK = { internet: 0, inside: 1, none: 2 } as const;

/** The most exposed place where a package runs, over every system. */
export function reachabilityIn(units: readonly Unit[], data: readonly UnitData[]): (found: Package) => Reachability {
  return ({ location }) => {
    let from: Reachability['from'] = 'unknown';
    let onPath = false;
    const workloads = new Set<string>();
    for (const [i, { system }] of units.entries()) {
      const names = new Set(workloadsOf(system, location.file).map(({ id }) => id));
      for (const [id, stands, isOnPath] of data[i]?.stands ?? []) {
        if (!names.has(id)) continue;
        workloads.add(id);
        onPath ||= isOnPath;
        if (from === 'unknown' || RANK[stands] < RANK[from]) from = stands;
      }
    }
    return { from, onPath, workloads: [...workloads] };
  };
}
