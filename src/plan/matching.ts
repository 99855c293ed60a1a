// Workloads by their labels, so that not every selector is held against every workload.
import { labelsMatch } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';

/** By `namespace`, and by namespace and label. */
type Index = ReadonlyMap<string, readonly Workload[]>;

const indexes = new WeakMap<readonly Workload[], Index>();

function indexOf(workloads: readonly Workload[]): Index {
  let index = indexes.get(workloads);
  if (!index) {
    const made = new Map<string, Workload[]>();
    const add = (key: string, workload: Workload): void => {
      const list = made.get(key);
      if (list) list.push(workload);
      else made.set(key, [workload]);
    };
    for (const workload of workloads) {
      add(workload.namespace, workload);
      for (const name in workload.labels) add(labelKey(workload.namespace, name, workload.labels[name]!), workload);
    }
    indexes.set(workloads, (index = made));
  }
  return index;
}

function labelKey(namespace: string, name: string, value: string): string {
  return `${namespace}\n${name}\n${value}`;
}

/** Workloads of a namespace that carry all of these labels, in the order of the System; without labels all of the namespace. */
export function workloadsMatching(
  { workloads }: Pick<System, 'workloads'>,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): readonly Workload[] {
  const index = indexOf(workloads);
  let found: readonly Workload[] | undefined;
  let names = 0;
  for (const name of Object.keys(labels)) {
    const list = index.get(labelKey(namespace, name, labels[name]!));
    if (!list) return [];
    names++;
    if (!found || list.length < found.length) found = list;
  }
  if (!found) return index.get(namespace) ?? [];
  return names === 1 ? found : found.filter((workload) => labelsMatch(labels, workload.labels));
}
