// Which version a workload is declared to be, which one each copy runs, and where they differ.
import type { System, Workload } from '#model/system.ts';
import { workloadOf } from '#model/observed.ts';
import { servicesOf } from './services.ts';

const LABELS = ['app.kubernetes.io/version', 'version'] as const;

/**
 * The version of a workload: the label `app.kubernetes.io/version`, else `version`, else the tag or digest of its first container's image.
 * @returns '' when nothing says one
 */
export function versionOf(workload: Workload): string {
  for (const label of LABELS) if (workload.labels[label]) return workload.labels[label];
  const image = workload.containers.find((one) => !one.init)?.image ?? '';
  const digest = image.indexOf('@');
  if (digest >= 0) return image.slice(digest + 1);
  const tag = image.lastIndexOf(':');
  return tag > image.lastIndexOf('/') ? image.slice(tag + 1) : '';
}

/** A copy that runs, and the version it was started as. */
export interface RunningCopy {
  readonly replica: string;
  readonly version: string;
}

/** Where what runs is not what is declared, or not all the same. */
export interface Drift {
  /** Service id; a workload's own when no Service leads to it. */
  readonly service: string;
  /** One sentence. */
  readonly detail: string;
  readonly copies: readonly { readonly replica: string; readonly declared: string; readonly running: string }[];
}

/** Services whose copies run another version than declared, or than each other. */
export function driftOf(system: System, running: readonly RunningCopy[]): Drift[] {
  const byWorkload = Map.groupBy(running, ({ replica }) => workloadOf(replica));
  const byService = new Map<string, Drift['copies'][number][]>();
  for (const workload of system.workloads) {
    const copies = byWorkload.get(workload.id) ?? [];
    if (copies.length === 0) continue;
    const services = servicesOf(system, workload).map(({ id }) => id);
    const declared = versionOf(workload);
    for (const service of services.length > 0 ? services : [workload.id]) {
      const list = byService.get(service) ?? [];
      byService.set(service, list);
      for (const { replica, version } of copies) list.push({ replica, declared, running: version });
    }
  }
  return [...byService].flatMap(([service, copies]) => {
    const other = copies.filter(({ declared, running: now }) => declared !== now);
    const versions = [...new Set(copies.map((one) => one.running))].sort();
    if (other.length === 0 && versions.length < 2) return [];
    const counts = versions.map((version) => `${version || 'none'} (${copies.filter((one) => one.running === version).length})`);
    const detail =
      other.length > 0
        ? `declared ${[...new Set(other.map(({ declared }) => declared || 'none'))].join(', ')}, runs ${counts.join(', ')}`
        : `its copies run ${counts.join(', ')}`;
    return [{ service, detail, copies }];
  });
}
