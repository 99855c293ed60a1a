// Where everything lives on this machine: one free loopback port for each listener, or an address inside a workload's own namespace.
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { CullisError } from '#base/errors.ts';
import { assignOutsideIps, assignServiceIps } from '#host/names.ts';
import { describeBusy, freePort } from '#host/ports.ts';
import { type Address, type Observed, type Placement, type Replica, replicaId } from '#model/observed.ts';
import type { System, Workload } from '#model/system.ts';
import { egressDestinations, egressHosts } from '#plan/egress.ts';
import { outboundPorts } from '#plan/outbound.ts';
import { unsupported } from '#plan/gateway-listeners.ts';
import { clusterId, destinations, workloadPorts } from '#plan/services.ts';

const LOOPBACK = '127.0.0.1';
const REPLICAS_MAX = 32;
/** Ports below 1024 are for the machine's own services; the gateway's usual ones get the usual stand-ins. */
const UNPRIVILEGED: Readonly<Record<number, number>> = { 80: 8080, 443: 8443 };

export interface MovedPort {
  readonly what: string;
  readonly wanted: number;
  readonly got: number;
  /** Who holds the wanted one. */
  readonly why: string;
}

/** Workload ids that run here, with their Workload document. */
export function runsOf(system: System): Map<string, System['runs'][number]> {
  return new Map(system.runs.map((run) => [`${run.metadata.namespace}/${run.spec.workload}`, run]));
}

/** How many programs of a workload run here. What runs elsewhere, and a builtin with its one data folder, are one. */
export function replicaCount(run: System['runs'][number], workload: Workload): number {
  if (run.spec.address !== undefined || run.spec.builtin !== undefined) return 1;
  return Math.min(run.spec.replicas ?? workload.replicas, REPLICAS_MAX);
}

/**
 * Places every workload that has a Workload document and every gateway listener. What `previous` placed stays where it is.
 * @returns the addresses, and which gateway ports were busy and moved
 */
export async function place(
  system: System,
  isolation: 'none' | 'namespaces',
  previous?: Observed,
): Promise<{ observed: Observed; moved: MovedPort[] }> {
  const free = await freePorts(portsNeeded(system, isolation, previous));
  const serviceIps = serviceAddresses(system);
  const outsideIps = outsideAddresses(system);
  const placements: Record<string, Placement> = {};
  for (const [id, run] of runsOf(system)) {
    const workload = system.workloads.find((one) => one.id === id);
    if (!workload) continue;
    const count = replicaCount(run, workload);
    if (count === 0) continue;
    const before = previous?.placements[id];
    const ports = workloadPorts(system, workload).map(({ port }) => port);
    const called = run.spec.address
      ? []
      : [
          ...outboundPorts(system, workload).map(({ service, port: { port } }) => ({
            key: clusterId(service, port),
            ip: serviceIps.get(service.id)!,
            port,
          })),
          ...egressDestinations(system, workload).map(({ key, host, port, literal }) => ({
            key,
            ip: literal ? host : outsideIps.get(host)!,
            port,
          })),
        ];
    const replica = (index: number, had: Replica | undefined): Replica => {
      const app: Record<string, Address> = {};
      const inbound: Record<string, Address> = {};
      for (const port of ports) {
        const given = run.spec.address?.[port];
        app[port] = given
          ? parseAddress(given)
          : (had?.app[port] ??
            (isolation === 'none' ? { ip: LOOPBACK, port: free() } : { ip: LOOPBACK, port, namespaceOf: replicaId(id, index) }));
        inbound[port] = had?.inbound[port] ?? { ip: LOOPBACK, port: free() };
      }
      return { app, inbound };
    };
    // Something that already runs elsewhere has no process tree of ours, so it gets no way out through this mesh.
    const outbound = (index: number): Record<string, Address> =>
      Object.fromEntries(
        called.map(({ key, ip, port }) => {
          const inside = { ip, port, namespaceOf: replicaId(id, index) };
          return [key, isolation === 'none' ? (before?.outbound[key] ?? { ip: LOOPBACK, port: free() }) : inside];
        }),
      );
    const further = Array.from({ length: count - 1 }, (_, i) => ({
      ...replica(i + 1, before?.replicas?.[i]),
      // On loopback all copies share the listeners of the first.
      ...(isolation === 'namespaces' && { outbound: outbound(i + 1) }),
    }));
    placements[id] = {
      workload: id,
      ...replica(0, before),
      outbound: outbound(0),
      ...(further.length > 0 && { replicas: further }),
    };
  }
  const gateways: Record<string, Address> = {};
  const moved: MovedPort[] = [];
  const taken = new Set<number>();
  for (const gateway of system.gateways) {
    const id = `${gateway.metadata.namespace}/${gateway.metadata.name}`;
    const listeners = gateway.spec.listeners.filter((listener) => !unsupported(listener));
    // Listeners of one port are told apart by host name and share its socket.
    for (const [wantedPort, group] of Map.groupBy(listeners, ({ port }) => port)) {
      const keys = group.map(({ name }) => `${id}/${name}`);
      const before = keys.map((key) => previous?.gateways[key]).find((address) => address !== undefined);
      const address = before ?? (await gatewayAddress(system, keys[0]!, wantedPort, taken, moved));
      for (const key of keys) gateways[key] = address;
    }
  }
  return { observed: { placements, gateways, isolation }, moved };
}

async function gatewayAddress(
  system: System,
  listener: string,
  port: number,
  taken: Set<number>,
  moved: MovedPort[],
): Promise<Address> {
  const wanted = UNPRIVILEGED[port] ?? port;
  const { port: got, moved: elsewhere, busy } = await freePort(system.platform.gatewayAddress, wanted, taken);
  taken.add(got);
  if (elsewhere) moved.push({ what: `gateway ${listener}`, wanted, got, why: describeBusy(busy) });
  return { ip: system.platform.gatewayAddress, port: got };
}

/** The address of each service inside the namespaces. */
export function serviceAddresses(system: Pick<System, 'services' | 'endpointSlices'>): Map<string, string> {
  return assignServiceIps(destinations(system).map(({ service }) => service.id));
}

/** The address of each host outside the mesh inside the namespaces. */
export function outsideAddresses(system: System): Map<string, string> {
  return assignOutsideIps(egressHosts(system));
}

/** An upper bound of what is not placed yet. */
function portsNeeded(system: System, isolation: 'none' | 'namespaces', previous: Observed | undefined): number {
  let count = 0;
  for (const [id, run] of runsOf(system)) {
    const workload = system.workloads.find((one) => one.id === id);
    const before = previous?.placements[id];
    if (!workload) continue;
    const ports = workloadPorts(system, workload);
    for (let i = 0; i < replicaCount(run, workload); i++) {
      const had = i === 0 ? before : before?.replicas?.[i - 1];
      count += ports.filter(({ port }) => !had?.inbound[port] || !had.app[port]).length * 2;
    }
    if (isolation === 'namespaces') continue;
    const keys = [
      ...outboundPorts(system, workload).map(({ service, port }) => clusterId(service, port.port)),
      ...egressDestinations(system, workload).map(({ key }) => key),
    ];
    count += keys.filter((key) => !before?.outbound[key]).length;
  }
  return count;
}

const FIRST_PORT = 18_000;
/** Where Linux begins to give out ports to whoever connects; a port from there may be somebody's own end before its listener opens. */
const EPHEMERAL_DEFAULT = 32_768;
const AT_ONCE = 64;

/** @throws CullisError listen.failed when there are not enough */
async function freePorts(count: number): Promise<() => number> {
  const found: number[] = [];
  const end = Math.max(FIRST_PORT + 1000, firstEphemeralPort());
  const size = end - FIRST_PORT;
  const start = randomInt(size);
  for (let i = 0; i < size && found.length < count; i += AT_ONCE) {
    const wanted = Array.from({ length: Math.min(AT_ONCE, size - i) }, (_, j) => FIRST_PORT + ((start + i + j) % size));
    const free = await Promise.all(wanted.map(isFree));
    found.push(...wanted.filter((_, j) => free[j]));
  }
  if (found.length < count)
    throw new CullisError('listen.failed', `only ${found.length} of ${count} ports are free on \`${LOOPBACK}\``);
  return () => found.pop()!;
}

function firstEphemeralPort(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'), 10) || EPHEMERAL_DEFAULT;
  } catch {
    return EPHEMERAL_DEFAULT;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { ip: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
