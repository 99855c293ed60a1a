// Which sockets a worker may be handed out of namespaces and below port 1024. It reads hostile bytes, so it gets what its plan needs and no other.
import type { SocketAddress } from '#host/handles.ts';
import type { Observed } from '#model/observed.ts';

/** @param observed the configuration in force, and the one that is being applied */
export function mayHave(
  observed: readonly (Observed | undefined)[],
  op: 'listen' | 'connect',
  { ip, port, namespaceOf }: SocketAddress,
): boolean {
  const same = (address: SocketAddress): boolean =>
    address.ip === ip && address.port === port && address.namespaceOf === namespaceOf;
  return observed.some((one) => {
    const placements = Object.values(one?.placements ?? {}).flatMap((each) => [each, ...(each.replicas ?? [])]);
    if (op === 'connect') return namespaceOf !== undefined && placements.some(({ app }) => Object.values(app).some(same));
    return (
      placements.some(({ inbound, outbound }) => [inbound, outbound ?? {}].some((ports) => Object.values(ports).some(same))) ||
      Object.values(one?.gateways ?? {}).some(same)
    );
  });
}
