// The verdict of the Pod Security Standards over one pod.
import type { Path } from '#model/origin.ts';
import type { Control, Offence, PssLevel } from './control.ts';
import { PSS_CONTROLS } from './controls.ts';
import { podOf } from './pod.ts';
import type { Pod } from './pod.ts';

export interface Verdict {
  readonly control: Control;
  readonly allowed: boolean;
  /** Empty when allowed; else the reason and what is wrong where: `host namespaces: the pod sets `hostPID``. */
  readonly message: string;
  /** From the pod: `['spec', 'containers', 0, …]`. */
  readonly paths: readonly Path[];
  readonly offences: readonly Offence[];
  /** A stricter control that also fails and says the same and more. */
  readonly covered: boolean;
}

export interface PssOptions {
  readonly level: PssLevel | 'privileged';
  /** `v1.25`, `1.25` or `latest`; anything else counts as `latest`, as Pod Security Admission does. */
  readonly version?: string;
}

/**
 * Judges a pod by every control of a level, baseline ones included at `restricted`.
 * @param spec PodSpec as written
 * @param annotations of the pod (profiles were annotations once)
 * @returns one verdict per control that the version has; at level `privileged` none
 * @example evaluatePod({ hostPID: true, containers: [] }, {}, { level: 'baseline' }).find(({ allowed }) => !allowed)?.control.id // 'hostNamespaces'
 */
export function evaluatePod(
  spec: unknown,
  annotations: Readonly<Record<string, string>>,
  options: PssOptions,
): readonly Verdict[] {
  return judgePod(podOf(spec, annotations), options);
}

/** evaluatePod over a pod that is already looked through; asking again costs nothing. */
export function judgePod(pod: Pod, { level, version = 'latest' }: PssOptions): readonly Verdict[] {
  if (level === 'privileged') return [];
  const minor = minorOf(version);
  let known = verdictsOf.get(pod);
  if (!known) verdictsOf.set(pod, (known = new Map()));
  const key = `${level} ${minor}`;
  let verdicts = known.get(key);
  if (!verdicts) known.set(key, (verdicts = judgedBy(draftsOf(pod, minor), level)));
  return verdicts;
}

/** Many rules ask for the verdicts of one pod. */
const verdictsOf = new WeakMap<Pod, Map<string, readonly Verdict[]>>();

function judgedBy(drafts: readonly Draft[], level: PssLevel): readonly Verdict[] {
  const meant = drafts.filter(({ control }) => level === 'restricted' || control.level === level);
  if (meant.every(({ offences }) => offences.length === 0)) return meant.map(({ control }) => allowedBy(control));
  const covered = new Set(meant.filter(({ offences }) => offences.length > 0).flatMap(({ control }) => control.covers ?? []));
  return meant.map(({ control, offences }) =>
    offences.length === 0 && !covered.has(control.id)
      ? allowedBy(control)
      : {
          control,
          allowed: offences.length === 0,
          message: offences.length === 0 ? '' : `${control.reason}: ${offences.map(({ text }) => text).join('; ')}`,
          paths: offences.map(({ path }) => path),
          offences,
          covered: covered.has(control.id),
        },
  );
}

/** What most pods get from most controls, once for all of them. */
const ALLOWED = new Map<Control, Verdict>(
  PSS_CONTROLS.map((control) => [control, { control, allowed: true, message: '', paths: [], offences: [], covered: false }]),
);

function allowedBy(control: Control): Verdict {
  return ALLOWED.get(control) ?? { control, allowed: true, message: '', paths: [], offences: [], covered: false };
}

interface Draft {
  readonly control: Control;
  readonly offences: readonly Offence[];
}

/** A pod is plain data that does not change: what the controls of one version say of it is worked out once. */
const judged = new WeakMap<Pod, Map<number, readonly Draft[]>>();

function draftsOf(pod: Pod, minor: number): readonly Draft[] {
  let versions = judged.get(pod);
  if (!versions) judged.set(pod, (versions = new Map()));
  let drafts = versions.get(minor);
  if (!drafts) {
    drafts = PSS_CONTROLS.flatMap((control): Draft | readonly Draft[] => {
      if (control.since > minor) return [];
      const offences = control.check(pod, minor);
      return offences.length === 0 ? allowedBy(control) : { control, offences };
    });
    versions.set(minor, drafts);
  }
  return drafts;
}

/** 25 of `v1.25`; Infinity for `latest`. */
export function minorOf(version: string): number {
  const match = /^v?1\.(\d{1,4})$/.exec(version.trim());
  return match ? Number(match[1]) : Infinity;
}
