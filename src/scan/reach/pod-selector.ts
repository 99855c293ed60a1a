// Labels that find the pods of one workload and no other's.
import { labelsMatch } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { objectAt, recordAt } from './raw.ts';

/**
 * The selector that the workload itself uses, when it is its own alone in the namespace; else the fewest of its labels that are.
 * @param notes takes a sentence when no label tells it from another workload
 */
export function podSelectorOf(
  system: Pick<System, 'workloads'>,
  workload: Workload,
  notes: string[] = [],
): Readonly<Record<string, string>> {
  const others = system.workloads.filter(({ id, namespace }) => namespace === workload.namespace && id !== workload.id);
  const isOwn = (labels: Readonly<Record<string, string>>): boolean =>
    Object.keys(labels).length > 0 &&
    labelsMatch(labels, workload.labels) &&
    !others.some((other) => labelsMatch(labels, other.labels));
  const selector = { ...recordAt(objectAt(workload.resource.spec, 'selector'), 'matchLabels') };
  if (isOwn(selector)) return selector;
  const pairs = Object.entries(workload.labels);
  for (const [key, value] of pairs) if (isOwn({ [key]: value })) return { [key]: value };
  const all = { ...workload.labels };
  if (!isOwn(all)) {
    const twin = others.find((other) => labelsMatch(all, other.labels));
    notes.push(`no label tells ${workload.id} from ${twin?.id ?? 'other workloads'}: its policy holds for both`);
  }
  return all;
}
