// Effective mutual TLS mode of a workload's port (Istio PeerAuthentication, composed from mesh, namespace and workload).
import type { EffectiveMtlsMode, MtlsMode, PeerAuthentication } from '#model/istio.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';

/**
 * The mode in force on one workload port. Unlike authorization, the most specific PeerAuthentication wins: mesh (root namespace,
 * no selector) < namespace (no selector) < workload (selector, outside the root namespace) < its port level. Within a scope the
 * oldest resource wins whole; UNSET inherits.
 * @param port workload (container) port
 * @returns `at`: `file:line:column` of what decided, '' for the default (PERMISSIVE)
 */
export function effectiveMtls(
  system: Pick<System, 'mesh' | 'peerAuthentications'>,
  workload: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  port: number,
): { readonly mode: EffectiveMtlsMode; readonly at: string } {
  const root = system.mesh.rootNamespace;
  let mesh: PeerAuthentication | undefined;
  let namespace: PeerAuthentication | undefined;
  let own: PeerAuthentication | undefined;
  for (const policy of system.peerAuthentications) {
    const home = policy.metadata.namespace;
    if (home !== root && home !== workload.namespace) continue;
    const labels = policy.spec.selector?.matchLabels ?? {};
    if (Object.keys(labels).length === 0) {
      if (home === root) mesh = older(mesh, policy);
      else namespace = older(namespace, policy);
    } else if (home !== root && labelsMatch(labels, workload.labels)) own = older(own, policy);
  }
  let decided: { mode: EffectiveMtlsMode; at: string } = { mode: 'PERMISSIVE', at: '' };
  for (const policy of [mesh, namespace, own])
    decided = decide(decided, policy, policy?.spec.mtls?.mode, ['spec', 'mtls', 'mode']);
  const level = own?.spec.portLevelMtls;
  const key = String(port);
  if (level && Object.hasOwn(level, key))
    decided = decide(decided, own, level[key]?.mode, ['spec', 'portLevelMtls', key, 'mode']);
  return decided;
}

function decide(
  inherited: { mode: EffectiveMtlsMode; at: string },
  policy: PeerAuthentication | undefined,
  mode: MtlsMode | undefined,
  path: Path,
): { mode: EffectiveMtlsMode; at: string } {
  if (policy === undefined || mode === undefined || mode === 'UNSET') return inherited;
  return { mode, at: formatLocation(originOf(policy, path)) };
}

/** Istio sorts by creation time and, for equal times, by name; a document without a time counts as the oldest. */
function older(present: PeerAuthentication | undefined, candidate: PeerAuthentication): PeerAuthentication {
  if (present === undefined) return candidate;
  const [candidateMs, presentMs] = [createdMs(candidate), createdMs(present)];
  if (candidateMs !== presentMs) return candidateMs < presentMs ? candidate : present;
  return candidate.metadata.name < present.metadata.name ? candidate : present;
}

function createdMs(policy: PeerAuthentication): number {
  const time = policy.metadata.creationTimestamp === undefined ? Number.NaN : Date.parse(policy.metadata.creationTimestamp);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}
