// Gateways that any namespace may put its routes on.
import { originOf } from '#model/origin.ts';
import { serversOf, splitHost } from '../../istio/gateway-server.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ACCESS_TAGS, ISTIO_SECURITY, meshIndex, nameOf } from './common.ts';

export const gatewayAnyHost = {
  id: 'mesh.gateway-any-host',
  name: 'Gateway open to routes of every namespace',
  severity: 'low',
  cwe: [1220, 668],
  why: "Whoever may write a VirtualService in any namespace can put a route on this gateway: for a path of another team's host, or to a workload that was never meant to be outside.",
  help: 'name the namespace before the host (`shop/shop.example.com`, `./*`)',
  references: [ISTIO_SECURITY],
  tags: ACCESS_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    const mesh = meshIndex(context);
    const spaces = new Set(context.system.workloads.map(({ namespace }) => namespace));
    for (const gateway of mesh.istio('networking', 'Gateway')) {
      const own = gateway.metadata.namespace;
      // Where one namespace is all there is, there is nobody to keep out.
      if (![...spaces].some((space) => space !== own && !/^(?:istio-|kube-)/.test(space)) || spaces.size < 3) continue;
      for (const { hosts, path } of serversOf(gateway)) {
        const index = hosts.findIndex((host) => {
          const { namespace, name } = splitHost(host, own);
          return namespace === '*' && name === '*';
        });
        if (index === -1) continue;
        const document = originOf(gateway);
        const at = [...path, 'hosts', index];
        yield {
          title: `every namespace may put routes for every host on Gateway \`${nameOf(gateway)}\``,
          at: { resource: gateway, path: at },
          fix: {
            text: "let only the Gateway's own namespace, or the one that serves the host",
            yaml: 'hosts:\n  - ./*\n',
            ...(document && { edits: [{ op: 'set', document, path: at, value: './*' }] }),
          },
        };
        break;
      }
    }
  },
} satisfies SystemRule;
