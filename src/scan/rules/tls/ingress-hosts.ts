// Ingresses as far as TLS goes: their hosts, and which of these `spec.tls` covers.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { ingressSettings } from '#plan/ingress.ts';
import type { IngressSettings } from '#plan/ingress-settings.ts';
import { listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';
import type { System } from '#model/system.ts';

export interface IngressHost {
  /** '' for a rule without a host. */
  readonly host: string;
  readonly path: Path;
  readonly covered: boolean;
}

export interface IngressBackend {
  readonly service: string;
  /** Number, or name of the Service port. */
  readonly port: number | string | undefined;
  readonly path: Path;
  readonly host: string;
}

export interface IngressView {
  readonly resource: Resource;
  readonly settings: IngressSettings;
  readonly hosts: readonly IngressHost[];
  readonly backends: readonly IngressBackend[];
  /** Whether TLS is asked for at all, by `spec.tls` or by an annotation. */
  readonly tls: boolean;
}

const GROUPS = /^(?:networking\.k8s\.io|extensions)\//;

export function ingressesOf(system: System): readonly IngressView[] {
  let views = worked.get(system);
  if (!views) worked.set(system, (views = readIngresses(system)));
  return views;
}

const worked = new WeakMap<System, readonly IngressView[]>();

function readIngresses(system: System): readonly IngressView[] {
  return system.resources
    .filter(({ kind, apiVersion }) => kind === 'Ingress' && GROUPS.test(apiVersion))
    .map((resource) => viewOf(resource, system.resources));
}

function viewOf(resource: Resource, others: readonly Resource[]): IngressView {
  const { spec } = resource;
  const settings = ingressSettings(resource, others);
  const entries = listAt(spec, 'tls').map((entry) => textsAt(entry, 'hosts').map((host) => host.toLowerCase()));
  const whole = settings.tls !== undefined || settings.tlsPassthrough?.value === true;
  const rules = listAt(spec, 'rules');
  const hosts = rules.map((rule, index): IngressHost => {
    const host = (textAt(rule, 'host') ?? '').toLowerCase();
    return { host, path: ['spec', 'rules', index, ...(host === '' ? [] : ['host'])], covered: whole || covers(entries, host) };
  });
  const fallback = objectAt(spec, 'defaultBackend') ?? objectAt(spec, 'backend');
  if (hosts.length === 0 && fallback)
    hosts.push({ host: '', path: ['spec', 'defaultBackend'], covered: whole || entries.length > 0 });
  return { resource, settings, hosts, backends: backendsOf(rules, fallback), tls: whole || entries.length > 0 };
}

/** An entry without hosts is for all of them; `*.example.com` covers one more label. */
function covers(entries: readonly (readonly string[])[], host: string): boolean {
  return entries.some(
    (names) =>
      names.length === 0 ||
      host === '' ||
      names.some((name) => name === host || (name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1))),
  );
}

function backendsOf(rules: readonly unknown[], fallback: unknown): readonly IngressBackend[] {
  const found: IngressBackend[] = [];
  const add = (raw: unknown, host: string, path: Path): void => {
    const service = objectAt(raw, 'service');
    const port = objectAt(service, 'port');
    const name = textAt(service, 'name') ?? textAt(raw, 'serviceName');
    const number = memberOf(port, 'number') ?? memberOf(port, 'name') ?? memberOf(raw, 'servicePort');
    if (name === undefined) return;
    found.push({
      service: name,
      port: typeof number === 'number' || typeof number === 'string' ? number : undefined,
      path,
      host,
    });
  };
  for (const [index, rule] of rules.entries()) {
    for (const [at, each] of listAt(objectAt(rule, 'http'), 'paths').entries()) {
      add(objectAt(each, 'backend'), textAt(rule, 'host') ?? '', ['spec', 'rules', index, 'http', 'paths', at, 'backend']);
    }
  }
  if (fallback !== undefined) add(fallback, '', ['spec', 'defaultBackend']);
  return found;
}
