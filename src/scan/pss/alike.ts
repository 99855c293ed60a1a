// Pods that the controls cannot tell apart: thousands of pods of a system are a few dozen to them.
import { asObject } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';
import type { Pod } from './pod.ts';

/** What no control looks at, and what differs most. */
const UNSEEN: Readonly<Record<string, undefined>> = {
  image: undefined,
  env: undefined,
  envFrom: undefined,
  command: undefined,
  args: undefined,
  resources: undefined,
  imagePullPolicy: undefined,
};
const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** Gives for each pod the first that every control judges the same, with the same words at the same places; perhaps the pod itself. */
export class AlikePods {
  readonly #first = new Map<string, Pod>();

  of(pod: Pod): Pod {
    // Profiles were annotations once; others are of no concern, and hold hashes and dates.
    for (const key in pod.annotations) if (key.includes('apparmor') || key.includes('seccomp')) return pod;
    const seen: Record<string, unknown> = { ...pod.spec };
    for (const list of LISTS) {
      const containers = pod.spec[list];
      if (Array.isArray(containers)) seen[list] = containers.map((each) => withoutUnseen(each));
    }
    const key = JSON.stringify(seen);
    const first = this.#first.get(key);
    if (first) return first;
    this.#first.set(key, pod);
    return pod;
  }
}

function withoutUnseen(container: unknown): unknown {
  const object: RawObject | undefined = asObject(container);
  return object ? { ...object, ...UNSEEN } : container;
}
