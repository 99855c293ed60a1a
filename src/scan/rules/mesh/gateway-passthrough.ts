// Gateways that hand TLS on unopened.
import { labelsMatch } from '#model/resource.ts';
import { textAt } from '#base/raw.ts';
import { selectorOf, serversOf } from '../../istio/gateway-server.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ISTIO_GATEWAY, meshIndex, nameOf, TRANSIT_TAGS } from './common.ts';

export const gatewayPassthrough = {
  id: 'mesh.gateway-passthrough',
  name: 'TLS passes the gateway unopened',
  severity: 'low',
  cwe: [923],
  why: 'The gateway sees the name that the client asks for, and nothing else: paths, methods and tokens of its policies are not looked at, and no rate limit by request holds.',
  help: 'end TLS at the gateway where its policies are to hold; keep AUTO_PASSTHROUGH for the gateway between clusters, on port 15443',
  references: [ISTIO_GATEWAY],
  tags: TRANSIT_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    const mesh = meshIndex(context);
    const policed = context.system.authorizationPolicies.filter(({ spec }) =>
      (spec.rules ?? []).some((rule) => (rule.to ?? []).some(({ operation }) => operation.paths ?? operation.methods)),
    );
    for (const gateway of mesh.istio('networking', 'Gateway')) {
      const selector = selectorOf(gateway);
      for (const { tls, hosts, path, port } of serversOf(gateway)) {
        const mode = textAt(tls, 'mode') ?? '';
        const at = { resource: gateway, path: [...path, 'tls', 'mode'] };
        if (mode === 'AUTO_PASSTHROUGH') {
          // What multi-cluster installations make: one port between clusters, names of services only, mutual TLS behind it.
          const between =
            /east|west|cross|multi/i.test(`${JSON.stringify(selector)} ${gateway.metadata.name}`) || port === 15_443;
          if (between && hosts.every((host) => /\.(?:local|global)$/.test(host))) continue;
          yield {
            title: `Gateway \`${nameOf(gateway)}\` opens every service of the mesh by its name (AUTO_PASSTHROUGH)`,
            message:
              'Whoever reaches the port chooses any service by the name in the TLS hello, without any VirtualService; only STRICT mutual TLS at each workload stands in the way.',
            severity: between ? 'medium' : 'high',
            at,
            fix: {
              text: 'limit it to services of the mesh, or use PASSTHROUGH with a VirtualService',
              yaml: 'hosts:\n  - "*.local"\n',
            },
          };
        } else if (mode === 'PASSTHROUGH') {
          // Only worth saying where a policy counts on the gateway to look inside.
          const blind = policed.find(
            ({ spec, metadata }) =>
              spec.selector !== undefined &&
              labelsMatch(spec.selector.matchLabels, selector) &&
              mesh
                .gatewayPods(selector)
                .some(({ namespace }) => namespace === metadata.namespace || metadata.namespace === mesh.rootNamespace),
          );
          if (!blind) continue;
          yield {
            title: `paths and methods in \`${nameOf(blind)}\` are not looked at on port ${port ?? ''} of Gateway \`${nameOf(gateway)}\`: TLS passes unopened`,
            severity: 'medium',
            at,
          };
        }
      }
    }
  },
} satisfies SystemRule;
