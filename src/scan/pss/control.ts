// One control of the Pod Security Standards (https://kubernetes.io/docs/concepts/security/pod-security-standards/).
import type { Path } from '#model/origin.ts';
import type { Pod } from './pod.ts';

export type PssLevel = 'baseline' | 'restricted';

/** Stable names, as Pod Security Admission has them. */
export type ControlId =
  | 'allowPrivilegeEscalation'
  | 'appArmorProfile'
  | 'capabilities_baseline'
  | 'capabilities_restricted'
  | 'hostNamespaces'
  | 'hostPathVolumes'
  | 'hostPorts'
  | 'hostProbesAndHostLifecycle'
  | 'privileged'
  | 'procMount'
  | 'procMount_restricted'
  | 'restrictedVolumes'
  | 'runAsNonRoot'
  | 'runAsUser'
  | 'seLinuxOptions'
  | 'seccompProfile_baseline'
  | 'seccompProfile_restricted'
  | 'sysctls'
  | 'windowsHostProcess';

/** One place that a control forbids. */
export interface Offence {
  /** From the pod (`spec…` or `metadata…`); what is missing is named where it belongs. */
  readonly path: Path;
  /** Lower-case: `` container `web` runs privileged ``. */
  readonly text: string;
}

export interface Control {
  readonly id: ControlId;
  /** As a heading: `Host namespaces`. */
  readonly name: string;
  readonly level: PssLevel;
  /** Minor version of Kubernetes 1 from which on it counts. */
  readonly since: number;
  /** Baseline controls that this one covers: where both fail, one tells all. */
  readonly covers?: readonly ControlId[];
  /** What is refused, in the words that Pod Security Admission uses: `host namespaces`. */
  readonly reason: string;
  /** @param minor Kubernetes 1.<minor>; `since` at least */
  check(pod: Pod, minor: number): readonly Offence[];
}
