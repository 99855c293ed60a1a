// The environment of a workload that runs on this machine: its manifest's variables, with mesh names pointing at the workload's own listeners.
import type { Address, Placement } from '#model/observed.ts';
import { meshNames, type MeshNames } from '#model/mesh-names.ts';
import type { WorkloadRunSpec } from '#model/platform.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { type EgressDestination, egressDestinations } from './egress.ts';
import { rewriteOutside } from './environment-outside.ts';
import { clusterId } from './services.ts';

export interface EnvironmentOptions {
  /** `none`: names cannot resolve, so addresses in values are replaced; `namespaces`: values stay as they are. */
  readonly isolation: 'none' | 'namespaces';
  /** Address a service has inside a network namespace, by service id. */
  readonly serviceIps: Readonly<Record<string, string>>;
}

/**
 * Builds the complete environment of a workload's process.
 *
 * Order, later wins: Kubernetes' `NAME_SERVICE_HOST` and `NAME_SERVICE_PORT` for the services of the namespace, the first container's literal
 * variables, `env` of the Workload document. Without namespaces a value that names a mesh service gets the workload's own outbound
 * listener in its place, and a variable named `PORT` or `…_PORT` whose value is one of the container's ports gets the port it was moved to.
 * Values that come from a Secret or ConfigMap are not filled here; they are listed in `missing`.
 */
export function workloadEnvironment(
  system: System,
  workload: Workload,
  run: WorkloadRunSpec,
  placement: Placement,
  options: EnvironmentOptions,
): { readonly env: Record<string, string>; readonly missing: readonly string[] } {
  const names = meshNames(system.services, system.mesh.clusterDomain);
  const env: Record<string, string> = {};
  const missing: string[] = [];
  const own = new Map<string, string>();
  for (const [port, address] of Object.entries(placement.app)) own.set(port, String(address.port));
  const firstPort = Object.keys(placement.app)[0];
  if (firstPort !== undefined) env['PORT'] = options.isolation === 'none' ? own.get(firstPort)! : firstPort;
  for (const service of system.services)
    if (service.namespace === workload.namespace) Object.assign(env, serviceVariables(service, placement, options));

  const outside = options.isolation === 'none' ? egressDestinations(system, workload) : [];
  const rewrite = (value: string): string =>
    options.isolation === 'none'
      ? rewriteOutside(rewriteAddresses(value, workload.namespace, names, placement), outside, placement)
      : value;
  const container = workload.containers.find((one) => !one.init);
  for (const { name, value } of container?.env ?? []) {
    if (value === undefined) {
      if (!Object.hasOwn(run.env, name)) missing.push(name);
      continue;
    }
    const moved = options.isolation === 'none' && /(?:^|_)PORT$/.test(name) ? own.get(value) : undefined;
    env[name] = moved ?? rewrite(value);
  }
  for (const [name, value] of Object.entries(run.env)) env[name] = rewrite(value);
  if (options.isolation === 'none') rewritePairs(env, workload.namespace, names, outside, placement);
  return { env, missing };
}

/** `DB_HOST=customer-database` with `DB_PORT=5432`: a name and its port in two variables lead to the listener too. */
function rewritePairs(
  env: Record<string, string>,
  namespace: string,
  names: MeshNames,
  outside: readonly EgressDestination[],
  placement: Placement,
): void {
  for (const [name, host] of Object.entries(env)) {
    const prefix = /^(.*?)_?(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER)$/.exec(name)?.[1];
    if (prefix === undefined) continue;
    const portName = prefix === '' ? 'PORT' : `${prefix}_PORT`;
    const port = Number(env[portName]);
    const service = names.resolve(host, namespace);
    const beyond = outside.find((one) => one.host === host.toLowerCase() && one.port === port && one.listener.protocol !== 'tls');
    const key = service ? clusterId(service, port) : beyond?.key;
    const address = key === undefined ? undefined : placement.outbound[key];
    if (!address) continue;
    env[name] = address.ip;
    env[portName] = String(address.port);
  }
}

/** Kubernetes' service variables: the name in upper case, `-` as `_` (Service, "Environment variables"). */
function serviceVariables(service: Service, placement: Placement, options: EnvironmentOptions): Record<string, string> {
  const first = service.ports[0];
  if (!first) return {};
  const prefix = service.name.toUpperCase().replaceAll('-', '_');
  const at = (port: number): Address | undefined =>
    options.isolation === 'none' ? placement.outbound[clusterId(service, port)] : ipAddress(options.serviceIps[service.id], port);
  const address = at(first.port);
  if (!address) return {};
  const env: Record<string, string> = {
    [`${prefix}_SERVICE_HOST`]: address.ip,
    [`${prefix}_SERVICE_PORT`]: String(address.port),
  };
  for (const port of service.ports) {
    const target = at(port.port);
    if (port.name !== '' && target)
      env[`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(target.port);
  }
  return env;
}

function ipAddress(ip: string | undefined, port: number): Address | undefined {
  return ip === undefined ? undefined : { ip, port };
}

/** Replaces each mesh address in a text by the workload's outbound listener for it; everything else stays, character by character. */
export function rewriteAddresses(value: string, namespace: string, names: MeshNames, placement: Placement): string {
  let out = '';
  let from = 0;
  for (const { service, port, start, end } of names.find(value, namespace)) {
    const address = placement.outbound[clusterId(service, port.port)];
    if (!address) continue;
    out += `${value.slice(from, start)}${address.ip}:${address.port}`;
    from = end;
  }
  return out + value.slice(from);
}
