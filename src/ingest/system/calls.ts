// The calls that environments declare: `CART_ADDR=cart:7070`, `$(CART_SERVICE_HOST):$(CART_SERVICE_PORT)`, `DB_HOST` with `DB_PORT`.
import { meshNames } from '#model/mesh-names.ts';
import type { MeshNames } from '#model/mesh-names.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Container, DeclaredCall, Service, Workload } from '#model/system.ts';
import type { WorkloadDraft } from './workloads.ts';

const VALUE_MAX = 8192;
const CALLS_PER_WORKLOAD_MAX = 1000;
/** Characters of one container's expanded values; beyond that `$(NAME)` stays as written. */
const EXPANDED_MAX = 1024 * 1024;
/** Variables whose whole value may be a bare host name. */
const HOST_VARIABLE = /^(.*?)_?(?:HOST|HOSTNAME|ADDR|ADDRESS|SERVER|ENDPOINT|URL|URI|BROKER|BROKERS)$/;
const HOST = /^[a-z0-9](?:[-_a-z0-9]{0,62})(?:\.[a-z0-9][-a-z0-9]{0,62}){0,8}\.?$/i;

/**
 * Finds the calls of every workload. A call exists only to a Service and port of the System; a workload that names its own Service
 * says where it listens, not whom it calls.
 */
export function deriveCalls(
  drafts: readonly WorkloadDraft[],
  services: readonly Service[],
  clusterDomain: string,
): readonly DeclaredCall[] {
  const names = meshNames(services, clusterDomain);
  const inNamespace = Map.groupBy(services, (service) => service.namespace);
  const variables = new Map<string, ReadonlyMap<string, string>>();
  const variablesOf = (namespace: string): ReadonlyMap<string, string> => {
    const present = variables.get(namespace) ?? serviceVariables(inNamespace.get(namespace) ?? []);
    variables.set(namespace, present);
    return present;
  };
  return drafts.flatMap(({ workload, pod }) => {
    const context = { workload, names, variablesOf };
    const init = workload.containers.filter((container) => container.init).length;
    return workload.containers
      .flatMap((container, i) => {
        const place = container.init ? (['initContainers', i] as const) : (['containers', i - init] as const);
        return callsOf(container, pod.containers[i]!.env, [...pod.podPath, ...place], { ...context, envPath: pod.envPath });
      })
      .slice(0, CALLS_PER_WORKLOAD_MAX);
  });
}

interface Context {
  readonly workload: Workload;
  readonly names: MeshNames;
  /** Made once a namespace, and only when a value asks. */
  readonly variablesOf: (namespace: string) => ReadonlyMap<string, string>;
  readonly envPath: readonly (string | number)[] | undefined;
}

/** @param written `env` as the manifest has it: what came through `envFrom` has no place of its own */
function callsOf(
  container: Container,
  written: Container['env'],
  path: readonly (string | number)[],
  context: Context,
): readonly DeclaredCall[] {
  const { workload, names } = context;
  const calls: DeclaredCall[] = [];
  const seen = new Set<string>();
  const values = new Map<string, string>();
  const places = new Map(written.map((variable, i) => [variable.name, i]));
  let expandedLength = 0;
  for (const { name, value } of container.env) {
    if (value === undefined) continue;
    const expanded =
      value.includes('$(') && expandedLength < EXPANDED_MAX
        ? expand(value, values, context.variablesOf(workload.namespace))
        : value;
    expandedLength += expanded.length;
    values.set(name, expanded);
  }
  for (const variable of container.env) {
    const value = values.get(variable.name);
    if (value === undefined || value.length > VALUE_MAX) continue;
    const addresses = names.find(value, workload.namespace).map(({ service, port }) => ({ service, port: port.port }));
    if (addresses.length === 0) addresses.push(...bareHosts(variable.name, value, values, context));
    for (const { service, port } of addresses) {
      const key = `${service.id}:${port} ${variable.name}`;
      if (seen.has(key) || isOwn(service, workload)) continue;
      seen.add(key);
      const place = places.get(variable.name);
      const { envPath } = context;
      calls.push({
        from: workload.id,
        to: service.id,
        port,
        variable: variable.name,
        path: envPath ? [...envPath, variable.name] : place === undefined ? [...path, 'envFrom'] : [...path, 'env', place],
      });
    }
  }
  return calls;
}

function isOwn(service: Service, workload: Workload): boolean {
  return (
    service.selector !== undefined && service.namespace === workload.namespace && labelsMatch(service.selector, workload.labels)
  );
}

/** Host names alone: the port stands in the variable beside (`DB_HOST`, `DB_PORT`), or the Service has just one. */
function bareHosts(
  name: string,
  value: string,
  values: ReadonlyMap<string, string>,
  context: Context,
): { service: Service; port: number }[] {
  const prefix = HOST_VARIABLE.exec(name)?.[1];
  if (prefix === undefined) return [];
  const beside = values.get(prefix === '' ? 'PORT' : `${prefix}_PORT`);
  const found: { service: Service; port: number }[] = [];
  for (const part of value.split(',').slice(0, 100)) {
    const host = part.trim();
    const service = HOST.test(host) ? context.names.resolve(host.replace(/\.$/, ''), context.workload.namespace) : undefined;
    if (!service) continue;
    const port =
      beside !== undefined && /^\d{1,5}$/.test(beside)
        ? Number(beside)
        : service.ports.length === 1
          ? service.ports[0]!.port
          : undefined;
    if (port !== undefined && service.ports.some((each) => each.port === port)) found.push({ service, port });
  }
  return found;
}

/** Kubernetes' `$(NAME)`: variables before this one, else what the Services of the namespace give; `$$` escapes, the unknown stays. */
function expand(value: string, values: ReadonlyMap<string, string>, variables: ReadonlyMap<string, string>): string {
  let length = value.length;
  return value.replaceAll(/\$\$|\$\(([^()]{1,256})\)/g, (written, name: string | undefined) => {
    if (name === undefined) return '$';
    const found = values.get(name) ?? variables.get(name);
    if (found === undefined || (length += found.length) > VALUE_MAX) return written;
    return found;
  });
}

/** What Kubernetes puts into every container for the Services of its namespace, with names in place of addresses. */
function serviceVariables(services: readonly Service[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { name, ports } of services) {
    const prefix = name.toUpperCase().replaceAll('-', '_');
    const [first] = ports;
    if (!first) continue;
    variables.set(`${prefix}_SERVICE_HOST`, name);
    variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
    variables.set(`${prefix}_PORT`, `tcp://${name}:${first.port}`);
    for (const port of ports) {
      if (port.name !== '')
        variables.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port));
      const each = `${prefix}_PORT_${port.port}_${port.protocol === 'udp' ? 'UDP' : 'TCP'}`;
      variables.set(each, `tcp://${name}:${port.port}`);
      variables.set(`${each}_ADDR`, name);
      variables.set(`${each}_PORT`, String(port.port));
    }
  }
  return variables;
}
