// Which of several units are variants of one system: by names of environments in their folders, files and namespaces.
import { fileOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { ENVIRONMENT_ORDER, environmentIn } from '../environments.ts';
import type { EnvironmentKind } from '../environments.ts';

/** Something that is read by itself: a folder, an overlay, a chart with one file of values. */
export interface ParityUnit {
  /** Path with `/`, as people know it: `deploy/overlays/prod`, `charts/shop/values-staging.yaml`. */
  readonly name: string;
  readonly system?: System;
}

export interface UnitPair<Unit> {
  /** The one before production, or further from it. */
  readonly a: Unit;
  readonly b: Unit;
  /** What they are called: `staging`, `production`. */
  readonly labels: readonly [a: string, b: string];
  /** What they are variants of. */
  readonly of: string;
}

interface Named {
  readonly kind: EnvironmentKind;
  readonly label: string;
  readonly of: string;
}

/**
 * Pairs of units to be compared: per system, production with the environment next to it (staging, else test, else development);
 * without production the two that come nearest to it.
 */
export function pairUnits<Unit extends ParityUnit>(units: readonly Unit[]): readonly UnitPair<Unit>[] {
  return pairs(
    units.flatMap((unit) => {
      const found = inPath(unit.name) ?? inNamespaces(unit);
      return found ? [{ ...found, unit }] : [];
    }),
  );
}

function pairs<Unit>(named: readonly (Named & { readonly unit: Unit })[]): readonly UnitPair<Unit>[] {
  return [...Map.groupBy(named, ({ of }) => of)].flatMap(([of, group]) => {
    const ordered = group.toSorted((x, y) => ENVIRONMENT_ORDER.indexOf(y.kind) - ENVIRONMENT_ORDER.indexOf(x.kind));
    const [last] = ordered;
    const before = ordered.find(({ kind }) => kind !== last?.kind);
    if (!last || !before) return [];
    // Several regions of one environment are each compared with the environment before.
    return ordered
      .filter(({ kind }) => kind === last.kind)
      .slice(0, 10)
      .map(({ unit, label }) => ({ a: before.unit, b: unit, labels: [before.label, label] as const, of }));
  });
}

/** The last part of a path that names an environment. */
function inPath(path: string): Named | undefined {
  const parts = path.split('/');
  for (let index = parts.length - 1; index >= 0; index -= 1) {
    const part = parts[index]!.replace(/\.(?:ya?ml|json|tfvars|env)$/, '');
    const found = environmentIn(part);
    if (!found) continue;
    const base = [...parts.slice(0, index), `${found.rest}*`, ...parts.slice(index + 1)].join('/');
    return { kind: found.kind, label: found.word, of: base };
  }
  return undefined;
}

function inNamespaces({ system }: ParityUnit): Named | undefined {
  const names = new Set(system?.workloads.map(({ namespace }) => namespace) ?? []);
  const found = [...names].map(environmentIn);
  const [first] = found;
  if (!first || found.some((each) => each?.kind !== first.kind)) return undefined;
  return { kind: first.kind, label: first.word, of: [...new Set(found.map((each) => each!.rest))].toSorted().join(',') };
}

/** Objects of one environment. */
export interface Slice {
  readonly resources: readonly Resource[];
}

/** The environments inside one system, by namespace, else by the folder or file that an object stands in; paired as units are. */
export function pairEnvironments(system: System): readonly UnitPair<Slice>[] {
  const [spaces, files] = [remembered(inName), remembered(inPath)];
  const slices = new Map<string, Named & { readonly unit: { readonly resources: Resource[] } }>();
  for (const resource of system.resources) {
    const space = resource.kind === 'Namespace' ? resource.metadata.name : resource.metadata.namespace;
    const found = spaces(space) ?? files(fileOf(resource) ?? '');
    if (!found) continue;
    const key = `${found.of} ${found.label}`;
    const slice = slices.get(key) ?? { ...found, unit: { resources: [] } };
    slice.unit.resources.push(resource);
    slices.set(key, slice);
  }
  return pairs([...slices.values()]);
}

/** Thousands of objects stand in a few namespaces and files. */
function remembered(find: (name: string) => Named | undefined): (name: string) => Named | undefined {
  const known = new Map<string, Named | undefined>();
  return (name) => {
    if (!known.has(name)) known.set(name, find(name));
    return known.get(name);
  };
}

function inName(name: string): Named | undefined {
  const found = name === '' ? undefined : environmentIn(name);
  return found && { kind: found.kind, label: found.word, of: `${found.rest}*` };
}
