// Ingress, OpenShift Route and Traefik IngressRoute: what a controller at the edge sends to pods.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { ingressSettings } from '#plan/ingress.ts';
import type { IngressDraft, IngressSettings } from '#plan/ingress-settings.ts';
import { middlewareSettings } from '#plan/ingress-traefik.ts';
import type { Reason } from '../face.ts';
import { listAt, memberOf, numberAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import { reasonOf, resourceName } from '../reasons.ts';
import { backendsOf } from './backends.ts';
import { INTERNAL_SOURCES } from './drafts.ts';
import type { ExposureDraft } from './drafts.ts';
import { controllersOf, frontDoorOf } from './proxies.ts';

interface RouteTo {
  readonly service: string;
  readonly port: number | string | undefined;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly path: Path;
  readonly tls: boolean;
}

/** @param openings what Services and pods open, for how the controller itself is reached */
export function ingressDrafts(system: System, openings: readonly ExposureDraft[]): readonly ExposureDraft[] {
  const proxiesOf: ProxiesOf = (served) => controllersOf(system, served);
  const edge: Edge = { system, openings, proxiesOf };
  return system.resources.flatMap((resource) => {
    const group = resource.apiVersion.split('/')[0];
    if (resource.kind === 'Ingress' && (group === 'networking.k8s.io' || group === 'extensions')) {
      return draftsOf(edge, resource, ingressRoutes(resource), ingressSettings(resource, system.resources));
    }
    if (resource.kind === 'Route' && group === 'route.openshift.io') {
      return draftsOf(edge, resource, openshiftRoutes(resource, system), undefined);
    }
    if (resource.kind === 'IngressRoute' && (group === 'traefik.io' || group === 'traefik.containo.us')) {
      return traefikRoutes(resource).flatMap(({ route, middlewares }) =>
        draftsOf(edge, resource, [route], traefikSettingsOf(system, resource, middlewares)),
      );
    }
    return [];
  });
}

type ProxiesOf = (served: IngressSettings['controllers']) => readonly Workload[];

interface Edge {
  readonly system: System;
  readonly openings: readonly ExposureDraft[];
  readonly proxiesOf: ProxiesOf;
}

function draftsOf(
  { system, openings, proxiesOf }: Edge,
  resource: Resource,
  routes: readonly RouteTo[],
  settings: IngressSettings | undefined,
): readonly ExposureDraft[] {
  const proxies = settings ? proxiesOf(settings.controllers) : [];
  const proxy = proxies.length === 1 ? proxies[0] : undefined;
  const door = frontDoorOf(system, proxy, openings);
  if (door.open === false) return [];
  const edge: Reason[] = [];
  const annotation = (key: string, text: string): void => {
    edge.push(reasonOf(false, text, resource, ['metadata', 'annotations', key]));
  };
  let sources = door.sources;
  const ranges = settings?.sourceRanges;
  if (ranges && !ranges.value.some((range) => range.endsWith('/0'))) {
    sources = ranges.value;
    annotation(ranges.key, `\`${ranges.key}\` lets in ${ranges.value.join(', ')} only`);
  } else if (settings?.reachableFrom?.value === 'internal' && sources.length === 0) {
    sources = INTERNAL_SOURCES;
    annotation(settings.reachableFrom.key, 'the balancer is internal');
  }
  const enforced = (settings?.authentications ?? []).filter(({ value }) => value.enforced);
  for (const { key, value } of enforced) annotation(key, `${resourceName(resource)} demands ${AUTHENTICATION[value.kind]}`);
  return routes.flatMap((route) =>
    backendsOf(system, `${resource.metadata.namespace}/${route.service}`, route.port).map(
      ({ target, port, transport, service }): ExposureDraft => ({
        target,
        port,
        transport,
        service,
        through: 'ingress',
        by: [resource, ...door.by],
        path: route.path,
        hosts: route.hosts,
        paths: route.paths,
        tls: route.tls || settings?.tls !== undefined || settings?.tlsPassthrough?.value === true,
        sources,
        edge: [
          reasonOf(
            true,
            `${resourceName(resource)} sends ${describe(route)} to ${service.id}:${service.port}`,
            resource,
            route.path,
          ),
          ...edge,
        ],
        edgeAuthenticates: enforced.length > 0,
        sender: { kind: 'proxy', name: 'the ingress controller', ...(proxy && { workload: proxy }) },
      }),
    ),
  );
}

const AUTHENTICATION = {
  basic: 'a password',
  digest: 'a password (digest)',
  external: 'the consent of an external service',
  mtls: "a client's certificate",
  oidc: 'a sign-in (OpenID Connect)',
} as const;

function describe({ hosts, paths }: RouteTo): string {
  const host = hosts.length > 0 ? hosts.join(', ') : 'every host';
  return paths.length > 0 ? `${host} ${paths.join(', ')}` : host;
}

function ingressRoutes({ spec }: Resource): readonly RouteTo[] {
  const secured = listAt(spec, 'tls').map((tls) => textsAt(tls, 'hosts'));
  const isSecured = (host: string): boolean =>
    secured.some((hosts) => hosts.length === 0 || hosts.includes(host) || hosts.includes(`*${host.slice(host.indexOf('.'))}`));
  const routes: RouteTo[] = listAt(spec, 'rules').flatMap((rule, r) => {
    const host = textAt(rule, 'host') ?? '';
    return listAt(objectAt(rule, 'http'), 'paths').flatMap((entry, p) => {
      const backend = backendOf(memberOf(entry, 'backend'));
      const written = textAt(entry, 'path') ?? '/';
      const common = { hosts: host === '' ? [] : [host], paths: [written], tls: isSecured(host) };
      return backend ? [{ ...backend, ...common, path: ['spec', 'rules', r, 'http', 'paths', p] }] : [];
    });
  });
  for (const name of ['defaultBackend', 'backend']) {
    const backend = backendOf(memberOf(spec, name));
    if (backend) routes.push({ ...backend, hosts: [], paths: [], tls: secured.length > 0, path: ['spec', name] });
  }
  return routes;
}

function backendOf(raw: unknown): Pick<RouteTo, 'service' | 'port'> | undefined {
  const service = objectAt(raw, 'service');
  const name = textAt(service, 'name');
  if (name !== undefined) {
    const port = objectAt(service, 'port');
    return { service: name, port: numberAt(port, 'number') ?? textAt(port, 'name') };
  }
  // Before networking.k8s.io/v1.
  const old = textAt(raw, 'serviceName');
  return old === undefined ? undefined : { service: old, port: numberAt(raw, 'servicePort') ?? textAt(raw, 'servicePort') };
}

/** `port.targetPort` names a port of the pods, or of the endpoints by the Service port's name. Without it every port of the Service serves. */
function openshiftRoutes({ spec, metadata }: Resource, system: System): readonly RouteTo[] {
  const tls = objectAt(spec, 'tls') !== undefined;
  const wanted = memberOf(objectAt(spec, 'port'), 'targetPort');
  const host = textAt(spec, 'host') ?? '';
  const backends = [{ raw: memberOf(spec, 'to'), path: ['spec', 'to'] as Path }].concat(
    listAt(spec, 'alternateBackends').map((raw, i) => ({ raw, path: ['spec', 'alternateBackends', i] })),
  );
  return backends.flatMap(({ raw, path }) => {
    const name = textAt(raw, 'name');
    if (name === undefined || (textAt(raw, 'kind') ?? 'Service') !== 'Service') return [];
    const service = system.services.find(({ id }) => id === `${metadata.namespace}/${name}`);
    const ports = (service?.ports ?? []).filter(
      (port) => wanted === undefined || port.targetPort === wanted || port.name === wanted || port.port === wanted,
    );
    const written = textAt(spec, 'path');
    return ports.map((port) => ({
      service: name,
      port: port.port,
      hosts: host === '' ? [] : [host],
      paths: written === undefined ? [] : [written],
      path,
      tls,
    }));
  });
}

const MATCH_MAX = 4096;

function traefikRoutes({ spec }: Resource): readonly { readonly route: RouteTo; readonly middlewares: readonly unknown[] }[] {
  const tls = objectAt(spec, 'tls') !== undefined;
  return listAt(spec, 'routes').flatMap((route, r) => {
    const match = (textAt(route, 'match') ?? '').slice(0, MATCH_MAX);
    const argumentsOf = (name: RegExp): readonly string[] =>
      [...match.matchAll(name)].flatMap(([, inner]) =>
        [...(inner ?? '').matchAll(/[`"]([^`"]{1,253})[`"]/g)].map(([, value]) => value ?? ''),
      );
    const hosts = argumentsOf(/\bHost\(([^)]{1,1024})\)/g);
    const paths = argumentsOf(/\bPath(?:Prefix)?\(([^)]{1,1024})\)/g);
    return listAt(route, 'services').flatMap((each, s) => {
      const service = textAt(each, 'name');
      if (service === undefined) return [];
      const port = numberAt(each, 'port') ?? textAt(each, 'port');
      const path: Path = ['spec', 'routes', r, 'services', s];
      return [{ route: { service, port, hosts, paths, path, tls }, middlewares: listAt(route, 'middlewares') }];
    });
  });
}

function traefikSettingsOf(system: System, { metadata }: Resource, names: readonly unknown[]): IngressSettings {
  const known = system.resources.filter(({ kind, apiVersion }) => kind === 'Middleware' && apiVersion.startsWith('traefik.'));
  const draft: IngressDraft = { controllers: ['traefik'], rateLimits: [], authentications: [], snippets: [], tlsPolicies: [] };
  for (const each of names) {
    const namespace = textAt(each, 'namespace') ?? metadata.namespace;
    const found = known.find((one) => one.metadata.namespace === namespace && one.metadata.name === textAt(each, 'name'));
    if (found) middlewareSettings(found, '', draft, known, 0);
  }
  return draft;
}
