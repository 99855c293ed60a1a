// Where everything lives on this machine: one free loopback port for each listener, or an address inside a workload's own namespace.
import { createServer, type Server } from 'node:net';
import { assignServiceIps } from '#host/names.ts';
import { describeBusy, freePort } from '#host/ports.ts';
import type { Address, Observed, Placement } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { clusterId, destinations, workloadPorts } from '#plan/build.ts';
import { unsupported } from '#plan/gateways.ts';

const LOOPBACK = '127.0.0.1';
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

/**
 * Places every workload that has a Workload document and every gateway listener. What `previous` placed stays where it is.
 * @returns the addresses, and which gateway ports were busy and moved
 */
export async function place(
  system: System,
  isolation: 'none' | 'namespaces',
  previous?: Observed,
): Promise<{ observed: Observed; moved: MovedPort[] }> {
  const free = await openPorts(portsNeeded(system));
  const serviceIps = serviceAddresses(system);
  const placements: Record<string, Placement> = {};
  for (const [id, run] of runsOf(system)) {
    const workload = system.workloads.find((one) => one.id === id);
    if (!workload) continue;
    const before = previous?.placements[id];
    const app: Record<string, Address> = {};
    const inbound: Record<string, Address> = {};
    const outbound: Record<string, Address> = {};
    for (const { port } of workloadPorts(system, workload)) {
      const given = run.spec.address?.[port];
      app[port] = given
        ? parseAddress(given)
        : (before?.app[port] ?? (isolation === 'none' ? { ip: LOOPBACK, port: free() } : { ip: LOOPBACK, port, namespaceOf: id }));
      inbound[port] = before?.inbound[port] ?? { ip: LOOPBACK, port: free() };
    }
    // Something that already runs elsewhere has no process tree of ours, so it gets no way out through this mesh.
    if (!run.spec.address)
      for (const { service, port } of destinations(system)) {
        const key = clusterId(service, port.port);
        outbound[key] =
          before?.outbound[key] ??
          (isolation === 'none' ? { ip: LOOPBACK, port: free() } : { ip: serviceIps.get(service.id)!, port: port.port, namespaceOf: id });
      }
    placements[id] = { workload: id, app, inbound, outbound };
  }
  const gateways: Record<string, Address> = {};
  const moved: MovedPort[] = [];
  const taken = new Set<number>();
  for (const gateway of system.gateways)
    for (const listener of gateway.spec.listeners) {
      if (unsupported(listener)) continue;
      const key = `${gateway.metadata.namespace}/${gateway.metadata.name}/${listener.name}`;
      const before = previous?.gateways[key];
      if (before) {
        gateways[key] = before;
        continue;
      }
      const wanted = UNPRIVILEGED[listener.port] ?? listener.port;
      const { port, moved: elsewhere, busy } = await freePort(system.platform.gatewayAddress, wanted, taken);
      taken.add(port);
      if (elsewhere) moved.push({ what: `gateway ${key}`, wanted, got: port, why: describeBusy(busy) });
      gateways[key] = { ip: system.platform.gatewayAddress, port };
    }
  return { observed: { placements, gateways, isolation }, moved };
}

/** The address of each service inside the namespaces. */
export function serviceAddresses(system: Pick<System, 'services'>): Map<string, string> {
  return assignServiceIps(destinations(system).map(({ service }) => service.id));
}

function portsNeeded(system: System): number {
  const out = destinations(system).length;
  let count = 0;
  for (const [id] of runsOf(system)) {
    const workload = system.workloads.find((one) => one.id === id);
    if (workload) count += workloadPorts(system, workload).length * 2 + out;
  }
  return count;
}

/** Binds `count` ephemeral ports at once and lets them go together, so that no two are the same. */
async function openPorts(count: number): Promise<() => number> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Server>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen({ port: 0, host: LOOPBACK, exclusive: true }, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  return () => ports.pop()!;
}

function parseAddress(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { ip: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
