// Workloads that only the mesh protects.
import type { Workload } from '#model/system.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { declaredPorts } from '../../reach/reach.ts';
import type { NetworkFacts } from './facts.ts';

/** In a mesh for certain, mutual TLS demanded on every port, and an ALLOW policy in force: pods outside get no request through. */
export function isMeshOnly({ reach, system }: NetworkFacts, workload: Workload): boolean {
  const member = reach.mesh.memberships.of(workload);
  if (member.kind === 'none') return false;
  const { id, namespace, labels } = workload;
  const layer = member.kind === 'ambient' ? 'ambient' : 'http';
  if (!reach.mesh.judge.isGuarded(id, { namespace, labels }, layer)) return false;
  const ports = declaredPorts(system, workload).filter(({ transport }) => transport === 'TCP');
  if (ports.length === 0 || !ports.every(({ port }) => effectiveMtls(system, workload, port).mode === 'STRICT')) return false;
  return ports.every(({ port, transport }) => {
    const stranger = reach.mesh.answer({ addresses: [], token: 'none' }, workload, port, transport);
    return stranger.requests === 'none';
  });
}
