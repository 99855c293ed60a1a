// Labels that find the pods of one workload and no other's.
import { labelsMatch } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { objectAt, recordAt } from '#base/raw.ts';

interface Found {
  readonly labels: Readonly<Record<string, string>>;
  /** Another workload that the labels find as well. */
  readonly twin: string | undefined;
}

/** Answers by System: workloads are asked for again by every flow that they have. */
const known = new WeakMap<readonly Workload[], Map<string, Found>>();

/**
 * The selector that the workload itself uses, when it is its own alone in the namespace; else the fewest of its labels that are.
 * @param notes takes a sentence when no label tells it from another workload
 */
export function podSelectorOf(
  system: Pick<System, 'workloads'>,
  workload: Workload,
  notes: string[] = [],
): Readonly<Record<string, string>> {
  const answers = known.get(system.workloads) ?? new Map<string, Found>();
  known.set(system.workloads, answers);
  const found = answers.get(workload.id) ?? choose(system, workload);
  answers.set(workload.id, found);
  if (found.twin !== undefined) notes.push(`no label tells ${workload.id} from ${found.twin}: its policy holds for both`);
  return found.labels;
}

function choose(system: Pick<System, 'workloads'>, workload: Workload): Found {
  const twinOf = (labels: Readonly<Record<string, string>>): Workload | undefined =>
    workloadsMatching(system, workload.namespace, labels).find(({ id }) => id !== workload.id);
  const isOwn = (labels: Readonly<Record<string, string>>): boolean =>
    Object.keys(labels).length > 0 && labelsMatch(labels, workload.labels) && twinOf(labels) === undefined;
  const selector = { ...recordAt(objectAt(workload.resource.spec, 'selector'), 'matchLabels') };
  if (isOwn(selector)) return { labels: selector, twin: undefined };
  const pairs = Object.entries(workload.labels);
  for (const [key, value] of pairs) if (isOwn({ [key]: value })) return { labels: { [key]: value }, twin: undefined };
  const labels = { ...workload.labels };
  return { labels, twin: isOwn(labels) ? undefined : twinOf(labels)?.id };
}
