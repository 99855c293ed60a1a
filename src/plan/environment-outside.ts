// Hosts outside the mesh in the values of a workload's environment, where no namespace leads names to the sidecar.
import type { Placement } from '#model/observed.ts';
import type { EgressDestination } from './egress.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80,
  ws: 80,
  grpc: 80,
  postgres: 5432,
  postgresql: 5432,
  mysql: 3306,
  redis: 6379,
  mongodb: 27017,
  amqp: 5672,
};
const HOST = '[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?';
const TOKEN = new RegExp(
  `(?:([a-z][a-z0-9+.-]{0,30})://(?:[^\\s/@]{0,256}@)?(${HOST})(?::(\\d{1,5}))?|(?<![\\w.@/-])(${HOST}):(\\d{1,5}))(?![\\w.-])`,
  'dg',
);

/**
 * Puts the workload's own listener in the place of each host outside that it may call. Where the program begins TLS itself the host stays: its certificate
 * would be for another name, and the program would refuse it.
 */
export function rewriteOutside(value: string, destinations: readonly EgressDestination[], placement: Placement): string {
  if (destinations.length === 0 || value.length > 8192) return value;
  let out = '';
  let from = 0;
  for (const match of value.matchAll(TOKEN)) {
    const [, scheme, urlHost, urlPort, bareHost, barePort] = match;
    const written = urlPort ?? barePort;
    const port = written === undefined ? DEFAULT_PORTS[scheme!.toLowerCase()] : Number(written);
    const host = (urlHost ?? bareHost!).toLowerCase();
    const found = destinations.find((one) => one.host === host && one.port === port);
    const address = found && found.listener.protocol !== 'tls' ? placement.outbound[found.key] : undefined;
    if (!address) continue;
    const [start] = match.indices![urlHost === undefined ? 4 : 2]!;
    out += `${value.slice(from, start)}${address.ip}:${address.port}`;
    from = match.index + match[0].length;
  }
  return out + value.slice(from);
}
