// VirtualServices for the same host in the same sidecars.
import type { Resource } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { objectName } from '../analyzer.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import { covers, fullName, scopeOf, scopesMeet } from '../hosts.ts';
import type { Scope } from '../hosts.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { textsAt } from '#base/raw.ts';
import { gatewaysOf, MESH_GATEWAY } from '../virtual-service.ts';

interface Row {
  readonly service: Resource;
  readonly scope: Scope;
  readonly hosts: readonly string[];
}

export const VIRTUAL_SERVICE_HOSTS_ANALYZER = {
  id: 'istio.virtual-service-hosts',
  analyzer: 'virtualservice.ConflictingMeshGatewayHostsAnalyzer',
  name: 'VirtualServices in conflict about a host',
  severity: 'medium',
  cwe: [436],
  why: 'Sidecars take one of the two, and which one is chance. Whoever may write a VirtualService in another namespace can send the traffic of the host elsewhere.',
  help: 'make them one, or limit each by `exportTo`',
  references: [messageUrl('ConflictingMeshGatewayVirtualServiceHosts')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const rows = mesh
      .istio('networking', 'VirtualService')
      .filter((service) => gatewaysOf(service).includes(MESH_GATEWAY))
      .map((service): Row => {
        const hosts = textsAt(service.spec, 'hosts');
        const { namespace } = service.metadata;
        return { service, scope: scopeOf(service), hosts: hosts.map((host) => fullName(host, namespace, mesh.clusterDomain)) };
      });
    const byHost = new Map<string, Row[]>();
    const wild = rows.filter(({ hosts }) => hosts.some((host) => host.startsWith('*')));
    for (const row of rows)
      for (const host of new Set(row.hosts)) {
        const list = byHost.get(host);
        if (list) list.push(row);
        else byHost.set(host, [row]);
      }
    const budget = new Budget();
    for (const row of rows) {
      if (budget.isSpent) return;
      const found = conflictOf(row, byHost, wild, budget);
      if (!found) continue;
      const { service } = row;
      yield {
        code: 'ConflictingMeshGatewayVirtualServiceHosts',
        at: { resource: service, path: ['spec', 'hosts', found.index] },
        title: `\`${found.host}\` is routed by ${found.others
          .slice(0, 3)
          .map((each) => `\`${objectName(each)}\``)
          .join(', ')} too`,
      };
    }
  },
} satisfies MeshAnalyzer;

function conflictOf(
  row: Row,
  byHost: ReadonlyMap<string, readonly Row[]>,
  wild: readonly Row[],
  budget: Budget,
): { readonly host: string; readonly index: number; readonly others: readonly Resource[] } | undefined {
  for (const [index, host] of row.hosts.entries()) {
    const isWild = host.startsWith('*');
    const same = isWild ? wild : (byHost.get(host) ?? []);
    const others = same.filter(
      (other) =>
        other !== row &&
        budget.take(isWild ? other.hosts.length : 1) &&
        scopesMeet(row.scope, other.scope) &&
        // Of two patterns the narrower one should win, but sidecars do not promise it.
        (!isWild || other.hosts.some((each) => each.startsWith('*') && (covers(each, host) || covers(host, each)))),
    );
    if (others.length > 0) return { host, index, others: others.map(({ service }) => service) };
  }
  return undefined;
}
