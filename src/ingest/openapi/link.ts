// Which workloads serve an API: told by an annotation, by the host of a server, or by the names of folder, file and title.
import type { ApiServer } from '#model/api.ts';
import type { Workload } from '#model/system.ts';
import type { RawObject } from '../check.ts';

export interface LinkFacts {
  readonly file: string;
  readonly title: string;
  readonly servers: readonly ApiServer[];
  readonly raw: RawObject;
}

/** On a workload: the file name of its specification, or its last part. */
export const API_ANNOTATION = 'cullis.dev/openapi';
/** In a specification: `namespace/name` or `name` of its workload. */
const API_EXTENSION = 'x-cullis-workload';

/** Ids of the workloads; an annotation decides alone, then hosts, then names. */
export function workloadsOf(facts: LinkFacts, workloads: readonly Workload[]): readonly string[] {
  const extension = facts.raw[API_EXTENSION];
  const told = workloads.filter((workload) => {
    const annotated = workload.annotations[API_ANNOTATION] ?? workload.resource.metadata.annotations[API_ANNOTATION];
    if (annotated !== undefined && annotated !== '') return facts.file === annotated || facts.file.endsWith(`/${annotated}`);
    return typeof extension === 'string' && (extension === workload.id || extension === workload.name);
  });
  if (told.length > 0) return ids(told);
  const hosts = facts.servers.map(({ url }) => hostOf(url)).filter((host) => host !== '' && !isLoopback(host));
  const hosted = workloads.filter(({ name, namespace }) => hosts.some((host) => isHostOf(host, name, namespace)));
  if (hosted.length > 0) return ids(hosted);
  const names = candidateNames(facts);
  return ids(workloads.filter(({ name }) => names.has(plain(name))));
}

function ids(workloads: readonly Workload[]): readonly string[] {
  return workloads.map(({ id }) => id);
}

/** `https://cart.shop.svc:8080/v1` gives `cart.shop.svc`. */
export function hostOf(url: string): string {
  const rest = url.replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\//i, '');
  if (rest === url) return '';
  return (/^[^/:?#]*/.exec(rest)?.[0] ?? '').toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

/** `cart`, `cart.shop`, `cart.shop.svc…`: a name inside the cluster, never the first label of a public one. */
function isHostOf(host: string, name: string, namespace: string): boolean {
  return host === name || host === `${name}.${namespace}` || host.startsWith(`${name}.${namespace}.svc`);
}

const GENERIC = new Set([
  'openapi',
  'swagger',
  'api',
  'apis',
  'spec',
  'specs',
  'docs',
  'doc',
  'src',
  'main',
  'resources',
  'static',
  'public',
  'assets',
  'schema',
  'schemas',
]);

function candidateNames({ file, title }: LinkFacts): ReadonlySet<string> {
  const parts = file.split('/');
  const last = parts.at(-1) ?? '';
  const stem = last.replace(/\.(?:ya?ml|json)$/i, '').replaceAll(/[.-]?(?:openapi|swagger|api|spec)[.-]?/gi, '');
  const folder = parts.slice(0, -1).findLast((part) => !GENERIC.has(part.toLowerCase()) && !/^v?\d+$/.test(part)) ?? '';
  const names = [stem, folder, title, title.replace(/\s+(?:api|service|rest api)$/i, '')].map(plain);
  return new Set(names.filter((name) => name.length > 2 && !GENERIC.has(name)));
}

/** `Cart Service`, `cart-service` and `cartservice` are one name, with or without the `service`. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replace(/(?:service|api|svc)$/, '');
}
