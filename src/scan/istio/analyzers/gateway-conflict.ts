// Gateways that open the same port for the same hosts on the same proxies.
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { objectName } from '../analyzer.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import { selectorOf, serversOf, splitHost } from '../gateway-server.ts';
import type { GatewayServer } from '../gateway-server.ts';
import { hostsMatch } from '../hosts.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const GATEWAY_CONFLICT_ANALYZER = {
  id: 'istio.gateway-conflict',
  analyzer: 'gateway.ConflictingGatewayAnalyzer',
  name: 'Gateways in conflict about a port and its hosts',
  severity: 'medium',
  cwe: [436],
  why: 'Only one of the servers is in force for the host. Whoever may write the other Gateway takes over its traffic, or drops its TLS.',
  help: 'keep one Gateway for the port and the host, or give them proxies of their own',
  references: [messageUrl('ConflictingGateways')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const gateways = mesh.istio('networking', 'Gateway').map((gateway) => ({ gateway, servers: serversOf(gateway) }));
    const budget = new Budget();
    for (const { gateway, servers } of gateways) {
      if (budget.isSpent) return;
      const rivals = gateways.filter(
        (other) => other.gateway !== gateway && budget.take() && shareProxies(mesh, gateway, other.gateway),
      );
      if (rivals.length === 0) continue;
      const clashes = servers.flatMap((server) => {
        const against = rivals.filter(
          (rival) => budget.take(rival.servers.length) && rival.servers.some((other) => clash(server, other, budget)),
        );
        return against.length === 0 ? [] : [{ server, against }];
      });
      if (clashes.length === 0) continue;
      const { server } = clashes[0]!;
      const names = [...new Set(clashes.flatMap((each) => each.against.map((rival) => objectName(rival.gateway))))];
      yield {
        code: 'ConflictingGateways',
        at: { resource: gateway, path: server.path },
        title: `port ${server.port} for ${server.hosts
          .slice(0, 3)
          .map((host) => `\`${host}\``)
          .join(', ')} is opened by ${names
          .slice(0, 3)
          .map((name) => `\`${name}\``)
          .join(', ')} too`,
      };
    }
  },
} satisfies MeshAnalyzer;

/** Both selectors pick the same pods: one contains the other, or a pod carries the labels of both. */
function shareProxies(mesh: MeshIndex, a: Resource, b: Resource): boolean {
  const [left, right] = [selectorOf(a), selectorOf(b)];
  if (Object.keys(left).length === 0 || Object.keys(right).length === 0) return false;
  if (labelsMatch(left, right) || labelsMatch(right, left)) return true;
  return mesh.pods.length > 0 && labelsAgree(left, right) && mesh.hasPod({ ...left, ...right });
}

function labelsAgree(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.entries(a).every(([key, value]) => b[key] === undefined || b[key] === value);
}

function clash(a: GatewayServer, b: GatewayServer, budget: Budget): boolean {
  if (a.port === undefined || a.port !== b.port || !budget.take(a.hosts.length * b.hosts.length)) return false;
  return a.hosts.some((left) => b.hosts.some((right) => sameHost(a, left, b, right)));
}

function sameHost(a: GatewayServer, left: string, b: GatewayServer, right: string): boolean {
  const one = splitHost(left, a.gateway.metadata.namespace);
  const two = splitHost(right, b.gateway.metadata.namespace);
  const namespaces = one.namespace === two.namespace || one.namespace === '*' || two.namespace === '*';
  return namespaces && hostsMatch(one.name, two.name);
}
