// Routes that anyone outside may call as often as they like.
import type { Finding } from '#model/finding.ts';
import type { Resource } from '#model/resource.ts';
import { findingAt, nameOf } from './context.ts';
import type { Check } from './context.ts';

interface Ref {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly namespace?: unknown;
}

/** Envoy Gateway's BackendTrafficPolicy with a `rateLimit`. */
function isLimit({ apiVersion, kind, spec }: Resource): boolean {
  return (
    kind === 'BackendTrafficPolicy' && apiVersion.startsWith('gateway.envoyproxy.io/') && member(spec, 'rateLimit') !== undefined
  );
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function targetsOf(limit: Resource): string[] {
  const many = member(limit.spec, 'targetRefs');
  const refs = [...(Array.isArray(many) ? (many as unknown[]) : []), member(limit.spec, 'targetRef')];
  return refs.flatMap((ref) => {
    if (typeof ref !== 'object' || ref === null) return [];
    const { kind, name, namespace } = ref as Ref;
    return [`${String(kind)} ${typeof namespace === 'string' ? namespace : limit.metadata.namespace}/${String(name)}`];
  });
}

export const routeWithoutLimit: Check = ({ system, gateways }) => {
  const limited = new Set(system.resources.filter(isLimit).flatMap(targetsOf));
  const known = new Set(gateways.map(({ id }) => id));
  return system.httpRoutes.flatMap((route): Finding[] => {
    const parents = route.spec.parentRefs
      .filter(({ kind }) => kind === 'Gateway')
      .map(({ name, namespace }) => `${namespace ?? route.metadata.namespace}/${name}`)
      .filter((id) => known.has(id));
    if (parents.length === 0 || limited.has(`HTTPRoute ${nameOf(route)}`) || parents.every((id) => limited.has(`Gateway ${id}`)))
      return [];
    return [
      findingAt(route, [], {
        code: 'route.no-limit',
        severity: 'medium',
        title: `route \`${nameOf(route)}\` has no rate limit`,
        message:
          'anyone who reaches the gateway may call it as often as they like: guessing passwords, scraping, and wearing out what stands behind it cost nothing',
        fix: {
          text: 'where Envoy Gateway serves the route, attach a BackendTrafficPolicy with `rateLimit` whose targetRefs name the route or its gateway; the gateway of Cullis sets no limits of this kind yet',
        },
        references: ['OWASP API4:2023 Unrestricted Resource Consumption'],
      }),
    ];
  });
};
