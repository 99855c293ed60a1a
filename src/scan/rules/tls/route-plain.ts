import { listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const routePlain = {
  id: 'tls.route-plain',
  name: 'Route without TLS',
  severity: 'medium',
  cwe: [319],
  why: 'Passwords, tokens and session cookies of every caller pass in clear: whoever stands on the way reads and changes them.',
  help: 'Give the route a certificate, and let plain HTTP only redirect.',
  references: [
    'https://doc.traefik.io/traefik/routing/providers/kubernetes-crd/',
    'https://projectcontour.io/docs/main/config/tls-termination/',
  ],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    const { kind, apiVersion, spec, metadata } = resource;
    if (kind === 'IngressRoute' && apiVersion.startsWith('traefik.')) {
      if (objectAt(spec, 'tls') || redirects(system, resource) || !takesPlain(spec)) continue;
      yield {
        title: `IngressRoute \`${metadata.name}\` takes plain HTTP`,
        at: { resource, path: ['spec', 'entryPoints'] },
        fix: { text: 'Take TLS only.', yaml: 'spec:\n  entryPoints: [websecure]\n  tls:\n    certResolver: default' },
      };
    } else if (kind === 'HTTPProxy' && apiVersion.startsWith('projectcontour.io/')) {
      const host = objectAt(spec, 'virtualhost');
      if (!host) continue;
      if (objectAt(host, 'tls')) {
        const index = listAt(spec, 'routes').findIndex((route) => memberOf(route, 'permitInsecure') === true);
        if (index === -1) continue;
        yield {
          title: `HTTPProxy \`${metadata.name}\` answers plain HTTP beside TLS`,
          at: { resource, path: ['spec', 'routes', index, 'permitInsecure'] },
          fix: { text: 'Take `permitInsecure` away: Contour redirects by itself where there is TLS.' },
        };
        continue;
      }
      yield {
        title: `HTTPProxy \`${metadata.name}\` serves \`${textAt(host, 'fqdn') ?? ''}\` without TLS`,
        at: { resource, path: ['spec', 'virtualhost'] },
        fix: { text: 'Give it a certificate.', yaml: `spec:\n  virtualhost:\n    tls:\n      secretName: ${metadata.name}-tls` },
      };
    } else if (kind === 'Route' && apiVersion.startsWith('route.openshift.io/')) {
      const tls = objectAt(spec, 'tls');
      const open = textAt(tls, 'insecureEdgeTerminationPolicy') === 'Allow';
      if (tls && !open) continue;
      yield {
        title: tls ? `Route \`${metadata.name}\` answers plain HTTP beside TLS` : `Route \`${metadata.name}\` has no TLS`,
        at: { resource, path: tls ? ['spec', 'tls', 'insecureEdgeTerminationPolicy'] : ['spec'] },
        fix: {
          text: 'End TLS at the edge and redirect.',
          yaml: 'spec:\n  tls:\n    termination: edge\n    insecureEdgeTerminationPolicy: Redirect',
        },
      };
    }
  }
}

/** Names of entry points are the user's; those that are known for TLS, or for metrics and inside traffic, are left out. */
function takesPlain(spec: unknown): boolean {
  const points = textsAt(spec, 'entryPoints');
  return points.length === 0 || points.some((point) => /^(?:web|http|insecure|plain)$/i.test(point));
}

/** A middleware that sends every caller to HTTPS. */
function redirects(system: System, { spec, metadata }: Resource): boolean {
  const named = listAt(spec, 'routes').flatMap((route) =>
    listAt(route, 'middlewares').map(
      (each) => `${textAt(each, 'namespace') ?? metadata.namespace}/${textAt(each, 'name') ?? ''}`,
    ),
  );
  return system.resources.some(
    (each) =>
      each.kind === 'Middleware' &&
      named.includes(`${each.metadata.namespace}/${each.metadata.name}`) &&
      textAt(objectAt(each.spec, 'redirectScheme'), 'scheme') === 'https',
  );
}
