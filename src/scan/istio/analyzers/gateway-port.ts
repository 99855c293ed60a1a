// Gateways without proxies, and ports that the Service in front of the proxies does not have.
import { memberOf, numberAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { selectorOf, serversOf } from '../gateway-server.ts';
import { itemsAt } from '../items.ts';
import { containersOf, DEFAULT_GATEWAY_PORTS } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';

export const GATEWAY_PORT_ANALYZER = {
  id: 'istio.gateway-port',
  analyzer: 'gateway.IngressGatewayPortAnalyzer',
  name: 'Gateway that is not in force',
  severity: 'low',
  cwe: [16],
  why: 'No proxy has the labels that the Gateway selects, or its Service does not lead to the port: what the Gateway says, TLS included, is in force nowhere.',
  help: 'correct the selector, or open the port in the Service',
  references: [messageUrl('GatewayPortNotDefinedOnService'), messageUrl('ReferencedResourceNotFound')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const gateway of mesh.istio('networking', 'Gateway')) {
      const selector = selectorOf(gateway);
      if (Object.keys(selector).length === 0) continue;
      const pods = mesh.gatewayPods(selector);
      const text = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
      if (pods.length === 0) {
        // Proxies are seldom in the same files as what they are told to do.
        if (!mesh.complete) continue;
        yield {
          code: 'ReferencedResourceNotFound',
          at: { resource: gateway, path: ['spec', 'selector'] },
          title: `no pod carries ${text.join(',')}`,
        };
        continue;
      }
      const open = portsOf(mesh, pods);
      if (open === undefined) continue;
      for (const { port, path } of serversOf(gateway)) {
        if (port === undefined || open.has(port)) continue;
        yield {
          code: 'GatewayPortNotDefinedOnService',
          at: { resource: gateway, path: [...path, 'port', 'number'] },
          title: `port ${port} is not open in the Service in front of ${text.join(',')}`,
          detail: String(port),
        };
      }
    }
  },
} satisfies MeshAnalyzer;

/** Ports of the Services in front of the pods, by either number; undefined where nothing says. */
function portsOf(mesh: MeshIndex, pods: readonly PodView[]): ReadonlySet<number> | undefined {
  const open = new Set<number>();
  let fronted = false;
  for (const pod of pods) {
    if (pod.supposed) {
      fronted = true;
      for (const port of DEFAULT_GATEWAY_PORTS) open.add(port);
    }
    for (const service of mesh.servicesOf(pod)) {
      fronted = true;
      for (const { raw } of itemsAt(service.spec, 'ports', ['spec'])) {
        const port = numberAt(raw, 'port');
        if (port !== undefined) open.add(port);
        for (const target of targetsOf(pod, memberOf(raw, 'targetPort'))) open.add(target);
      }
    }
  }
  return fronted || mesh.complete ? open : undefined;
}

function targetsOf(pod: PodView, target: unknown): readonly number[] {
  if (typeof target === 'number') return [target];
  if (typeof target !== 'string') return [];
  if (/^\d{1,5}$/.test(target)) return [Number(target)];
  return containersOf(pod, ['containers']).flatMap(({ raw, path }) =>
    itemsAt(raw, 'ports', path).flatMap(({ raw: port }) =>
      memberOf(port, 'name') === target ? [numberAt(port, 'containerPort') ?? 0] : [],
    ),
  );
}
