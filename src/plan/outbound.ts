// Which services a workload gets a listener for: all of them in a small system, those that it says it calls in a large one.
import type { Service, ServicePort, System, Workload } from '#model/system.ts';
import { destinations } from './services.ts';

/** Listeners of a node up to which everybody can call everybody; beyond, sockets and memory would grow with the square of the services. */
const LISTENERS_MAX = 4096;

type Port = { readonly service: Service; readonly port: ServicePort };
type Asked = Pick<System, 'services' | 'endpointSlices' | 'runs' | 'calls'>;

const known = new WeakMap<readonly Service[], { readonly all: readonly Port[]; readonly every: boolean }>();

/** Service ports that `workload` gets an outbound listener for. */
export function outboundPorts(system: Asked, workload: Workload): readonly Port[] {
  let ports = known.get(system.services);
  if (!ports) {
    const all = destinations(system);
    known.set(system.services, (ports = { all, every: all.length * system.runs.length <= LISTENERS_MAX }));
  }
  if (ports.every) return ports.all;
  const called = new Set(callsOf(system).get(workload.id));
  return ports.all.filter(({ service, port }) => called.has(`${service.id}:${port.port}`));
}

/** Whether the System is so large that a workload can call only what its manifest names. */
export function callsAreBounded(system: Asked): boolean {
  return destinations(system).length * system.runs.length > LISTENERS_MAX;
}

const calls = new WeakMap<System['calls'], ReadonlyMap<string, readonly string[]>>();

function callsOf(system: Asked): ReadonlyMap<string, readonly string[]> {
  let index = calls.get(system.calls);
  if (!index) {
    const grouped = Map.groupBy(system.calls, ({ from }) => from);
    index = new Map([...grouped].map(([from, list]) => [from, list.map(({ to, port }) => `${to}:${port}`)]));
    calls.set(system.calls, index);
  }
  return index;
}
