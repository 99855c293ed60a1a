// What the labels of a namespace make Pod Security Admission enforce there.
import type { System } from '#model/system.ts';
import type { PssOptions } from './evaluate.ts';

export const ENFORCE = 'pod-security.kubernetes.io/enforce';

export interface Enforced {
  readonly level: PssOptions['level'];
  readonly version: string;
}

/** Labels by name: every rule asks for every pod. */
const known = new WeakMap<System['namespaces'], ReadonlyMap<string, Readonly<Record<string, string>>>>();

/**
 * @returns undefined where the namespace says nothing, or is not among the files: the cluster's default counts then. A level that
 * does not exist counts as `restricted`, as the admission plug-in has it.
 */
export function enforcedIn(system: System, namespace: string): Enforced | undefined {
  let labelsOf = known.get(system.namespaces);
  if (!labelsOf) known.set(system.namespaces, (labelsOf = new Map(system.namespaces.map(({ name, labels }) => [name, labels]))));
  const labels = labelsOf.get(namespace) ?? {};
  const level = Object.hasOwn(labels, ENFORCE) ? labels[ENFORCE] : undefined;
  if (level === undefined) return undefined;
  const version = labels[`${ENFORCE}-version`] ?? 'latest';
  return { level: level === 'privileged' || level === 'baseline' ? level : 'restricted', version };
}
