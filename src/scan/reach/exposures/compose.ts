// Published ports of Compose services.
import type { System } from '#model/system.ts';
import { attachmentsOf, isCompose, publishedPorts } from '../compose.ts';
import { listeningPorts } from '../endpoints.ts';
import { reasonOf } from '../reasons.ts';
import type { ExposureDraft } from './drafts.ts';

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === 'localhost';
}

/** A port published on a loopback address is open on that machine only, and no way in from outside. */
export function composeDrafts(system: System): readonly ExposureDraft[] {
  const attachments = attachmentsOf(system);
  return system.workloads.filter(isCompose).flatMap((target) => {
    const base = {
      target,
      by: [target.resource],
      hosts: [],
      paths: [],
      tls: false,
      sources: [],
      edgeAuthenticates: false,
      sender: { kind: 'client' },
    } as const;
    if (attachments.get(target.id)?.kind === 'host') {
      const edge = [reasonOf(true, `${target.id} uses the host's network`, target.resource, ['spec', 'network_mode'])];
      return listeningPorts(target).map(({ port, transport }): ExposureDraft => ({
        ...base,
        port,
        transport,
        through: 'host-network',
        path: ['spec', 'network_mode'],
        edge,
      }));
    }
    return publishedPorts(target)
      .filter(({ address }) => !isLoopback(address))
      .map(({ target: port, transport, index }): ExposureDraft => ({
        ...base,
        port,
        transport,
        through: 'published-port',
        path: ['spec', 'ports', index],
        edge: [reasonOf(true, `${target.id} publishes port ${port}`, target.resource, ['spec', 'ports', index])],
      }));
  });
}
