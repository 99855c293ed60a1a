// What workloads are told about the connections that they make: environment, ConfigMaps and arguments.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { podTemplates } from '../../pod-template.ts';
import { listAt, recordAt, textAt, textsAt } from '#base/raw.ts';
import type { Workload } from '#model/system.ts';

export interface Setting {
  readonly name: string;
  readonly value: string;
  readonly resource: Resource;
  readonly path: Path;
  /** Who reads it; a ConfigMap may be read by several. */
  readonly workloads: readonly Workload[];
}

const VALUE_MAX = 4000;

/** Literal variables of containers, entries of ConfigMaps that look like variables, Compose environments. Long values are left out. */
export function settingsOf(system: System): readonly Setting[] {
  let settings = worked.get(system);
  if (!settings) worked.set(system, (settings = [...readSettings(system)]));
  return settings;
}

const worked = new WeakMap<System, readonly Setting[]>();

function* readSettings(system: System): Generator<Setting> {
  for (const { workload, resource, pod, at } of podTemplates(system)) {
    for (const { raw, path } of pod.containers) {
      for (const [index, variable] of listAt(raw, 'env').entries()) {
        const [name, value] = [textAt(variable, 'name'), textAt(variable, 'value')];
        if (name === undefined || value === undefined || value.length > VALUE_MAX) continue;
        yield { name, value, resource, path: at([...path, 'env', index, 'value']), workloads: [workload] };
      }
    }
  }
  const readers = configMapReaders(system);
  for (const resource of system.resources) {
    if (resource.kind !== 'ConfigMap') continue;
    const workloads = readers.get(`${resource.metadata.namespace}/${resource.metadata.name}`) ?? [];
    for (const [key, value] of Object.entries(recordAt(resource.body, 'data'))) {
      if (value.length <= VALUE_MAX && !value.includes('\n'))
        yield { name: key, value, resource, path: ['data', key], workloads };
    }
  }
}

/** Who takes variables from a ConfigMap, by its `namespace/name`. */
function configMapReaders(system: System): ReadonlyMap<string, readonly Workload[]> {
  const readers = new Map<string, Workload[]>();
  for (const workload of system.workloads) {
    const names = workload.containers.flatMap(({ env }) =>
      env.flatMap(({ from }) => (from?.kind === 'configMap' ? [from.name] : [])),
    );
    for (const name of new Set(names)) {
      const id = `${workload.namespace}/${name}`;
      readers.set(id, [...(readers.get(id) ?? []), workload]);
    }
  }
  return readers;
}

/** Arguments of containers. */
export function* argumentsOf(system: System): Generator<Setting> {
  for (const { workload, resource, pod, at } of podTemplates(system)) {
    for (const { raw, path } of pod.containers) {
      for (const list of ['command', 'args'] as const) {
        for (const [index, value] of textsAt(raw, list).entries()) {
          if (value.length > VALUE_MAX) continue;
          yield { name: list, value, resource, path: at([...path, list, index]), workloads: [workload] };
        }
      }
    }
  }
}
