// Entries that anyone outside may call as often as they like.
import { listAt } from '#base/raw.ts';
import type { Finding } from '#model/finding.ts';
import type { Resource } from '#model/resource.ts';
import { findingAt, nameOf } from './context.ts';
import type { Check } from './context.ts';
import { ENTRY_CHECKS, entryContext } from './entries.ts';
import { limitsOf } from './limits.ts';
import { toYaml } from '../yaml.ts';

/** One finding for an Ingress, a route at a gateway, a VirtualService at a gateway, an IngressRoute, a Service of type LoadBalancer. */
export const routeWithoutLimit: Check = ({ system }) => {
  const context = entryContext(system, limitsOf(system.resources));
  const envoyGateway = system.gateways.some(({ spec }) => /^eg$|envoy/.test(spec.gatewayClassName));
  return system.resources.flatMap((resource): Finding[] => {
    const { apiVersion, kind } = resource;
    const slash = apiVersion.indexOf('/');
    const check = ENTRY_CHECKS.get(`${slash === -1 ? '' : apiVersion.slice(0, slash)}/${kind}`);
    if (check?.(resource, context) !== 'open') return [];
    return [
      findingAt(resource, [], {
        code: 'route.no-limit',
        severity: 'medium',
        title: `${kind === 'HTTPRoute' ? 'route' : kind} \`${nameOf(resource)}\` has no rate limit`,
        message: `anyone who reaches ${kind === 'Service' ? 'it may call' : 'the gateway may call it'} as often as they like: guessing passwords, scraping, and wearing out what stands behind it cost nothing`,
        fix: fixOf(resource, envoyGateway),
        references: ['OWASP API4:2023 Unrestricted Resource Consumption'],
      }),
    ];
  });
};

function fixOf(resource: Resource, envoyGateway: boolean): NonNullable<Finding['fix']> {
  const { kind, metadata } = resource;
  const { name, namespace } = metadata;
  switch (kind) {
    case 'Ingress':
      return {
        text: 'where ingress-nginx serves it, limit requests a second for each client address; other controllers have annotations of their own',
        yaml: toYaml({ metadata: { annotations: { 'nginx.ingress.kubernetes.io/limit-rps': '10' } } }),
      };
    case 'IngressRoute':
      return {
        text: 'make a Middleware that limits, and name it in every route',
        yaml: toYaml({
          apiVersion: 'traefik.io/v1alpha1',
          kind: 'Middleware',
          metadata: { name: `${name}-limit`, namespace },
          spec: { rateLimit: { average: 10, burst: 20 } },
        }),
      };
    case 'VirtualService':
      return {
        text: 'put a local rate limit into the gateway that serves it',
        yaml: toYaml(envoyFilter(`${name}-limit`)),
      };
    case 'HTTPRoute':
    case 'GRPCRoute':
      return {
        text: 'where Envoy Gateway serves the route, attach a BackendTrafficPolicy with `rateLimit` whose targetRefs name the route or its gateway; the gateway of Cullis sets no limits of this kind yet',
        ...(envoyGateway && {
          yaml: toYaml({
            apiVersion: 'gateway.envoyproxy.io/v1alpha1',
            kind: 'BackendTrafficPolicy',
            metadata: { name: `${name}-limit`, namespace },
            spec: {
              targetRefs: [{ group: 'gateway.networking.k8s.io', kind, name }],
              rateLimit: { local: { rules: [{ limit: { requests: 600, unit: 'Minute' } }] } },
            },
          }),
        }),
      };
    default:
      return {
        text:
          kind === 'Service' && listAt(resource.spec, 'ports').length > 0
            ? 'put a gateway or an Ingress with a rate limit in front, and make the Service ClusterIP'
            : 'set a limit for each client at the edge',
      };
  }
}

function envoyFilter(name: string): unknown {
  const some = { default_value: { numerator: 100, denominator: 'HUNDRED' } };
  return {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind: 'EnvoyFilter',
    metadata: { name, namespace: 'istio-system' },
    spec: {
      workloadSelector: { labels: { istio: 'ingressgateway' } },
      configPatches: [
        {
          applyTo: 'HTTP_FILTER',
          match: {
            context: 'GATEWAY',
            listener: { filterChain: { filter: { name: 'envoy.filters.network.http_connection_manager' } } },
          },
          patch: {
            operation: 'INSERT_FIRST',
            value: {
              name: 'envoy.filters.http.local_ratelimit',
              typed_config: {
                '@type': 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
                stat_prefix: 'edge',
                token_bucket: { max_tokens: 100, tokens_per_fill: 100, fill_interval: '1s' },
                filter_enabled: some,
                filter_enforced: some,
              },
            },
          },
        },
      ],
    },
  };
}
