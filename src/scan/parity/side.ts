// One side of a comparison: its objects under names without their environment.
import { originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { environmentIn, withoutEnvironment } from '../environments.ts';
import { podTemplates } from '../pod-template.ts';
import type { PodTemplate } from '../pod-template.ts';
import type { ParityPlace } from './face.ts';

export interface Side {
  readonly label: string;
  readonly system: System;
  /** By kind, namespace and name without the environment. */
  readonly objects: ReadonlyMap<string, Resource>;
  readonly templates: ReadonlyMap<Resource, PodTemplate>;
}

/** Objects that say nothing about what runs. */
const LEFT_OUT: readonly string[] = [
  'Kustomization',
  'Component',
  'Event',
  'Node',
  'Endpoints',
  'EndpointSlice',
  'Lease',
  'ComponentStatus',
];

/** @param resources those of the side; all of the system when absent */
export function sideOf(label: string, system: System, resources: readonly Resource[] = system.resources): Side {
  const kept = resources.filter(({ kind, metadata }) => metadata.name !== '' && !LEFT_OUT.includes(kind));
  // A side that lives in one namespace is compared whatever that is called.
  const namespaces = new Set(kept.map(({ metadata }) => metadata.namespace).filter((name) => name !== ''));
  const single = namespaces.size === 1;
  const objects = new Map<string, Resource>();
  for (const resource of kept) {
    const key = keyOf(resource, single);
    if (!objects.has(key)) objects.set(key, resource);
  }
  const own = new Set(kept);
  return {
    label,
    system,
    objects,
    templates: new Map(podTemplates(system).flatMap((each) => (own.has(each.resource) ? [[each.resource, each]] : []))),
  };
}

function keyOf({ kind, apiVersion, metadata }: Resource, single: boolean): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const namespace = metadata.namespace === '' ? '' : single ? '*' : withoutEnvironment(metadata.namespace);
  const name = kind === 'Namespace' && single ? '*' : withoutEnvironment(metadata.name);
  return `${group}/${kind} ${namespace}/${name}`;
}

export function placeAt(resource: Resource, path: Path, shows: string): ParityPlace {
  const location = originOf(resource, path);
  return { resource, path, shows, ...(location && { location }) };
}

/** `Deployment cart` */
export function subjectOf(resource: Resource): string {
  return `${resource.kind} ${withoutEnvironment(resource.metadata.name) || resource.metadata.name}`;
}

const TEXT_MAX = 2000;

/** A text with words of environments taken out, and addresses of ranges left to their width: what environments call the same. */
export function neutral(text: string): string {
  if (text.length > TEXT_MAX) return text;
  if (/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/.test(text)) return text.replace(/^[^/]+/, '<address>');
  return text
    .split(/([/:@,\s])/)
    .map((part) => {
      const found = environmentIn(part);
      return found ? `${found.rest}<environment>` : part;
    })
    .join('');
}

/** Plain data with every text made neutral, keys in order and `undefined` gone: equal texts mean the same on both sides. */
export function neutralJson(value: unknown, depth = 0): string {
  if (depth > 60) return 'null';
  if (Array.isArray(value)) return `[${value.map((each) => neutralJson(each, depth + 1)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${members.map(([key, member]) => `${JSON.stringify(neutral(key))}:${neutralJson(member, depth + 1)}`).join(',')}}`;
  }
  return JSON.stringify(typeof value === 'string' ? neutral(value) : (value ?? null));
}
