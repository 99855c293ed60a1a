import { textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { covers, fullName } from '../hosts.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { destinationsOf } from '../virtual-service.ts';

export const VIRTUAL_SERVICE_SUBSET_ANALYZER = {
  id: 'istio.virtual-service-subset',
  analyzer: 'virtualservice.DestinationRuleAnalyzer',
  name: 'route to a subset that does not exist',
  severity: 'low',
  cwe: [16],
  why: 'Requests to a subset that no DestinationRule declares are answered with 503.',
  help: 'declare the subset, or correct its name',
  references: [messageUrl('ReferencedResourceNotFound')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const declared = mesh.istio('networking', 'DestinationRule').map(({ spec, metadata }) => ({
      host: fullName(textAt(spec, 'host') ?? '', metadata.namespace, mesh.clusterDomain),
      subsets: new Set(itemsAt(spec, 'subsets', ['spec']).map(({ raw }) => textAt(raw, 'name') ?? '')),
    }));
    const sets = new Set(declared.flatMap(({ host, subsets }) => [...subsets].map((subset) => `${subset} ${host}`)));
    const wild = declared.filter(({ host }) => host.startsWith('*'));
    // Without any DestinationRule at all, they are kept elsewhere.
    if (!mesh.complete && declared.length === 0) return;
    for (const service of mesh.istio('networking', 'VirtualService')) {
      for (const { host, subset, path } of destinationsOf(service)) {
        if (subset === '') continue;
        const full = fullName(host, service.metadata.namespace, mesh.clusterDomain);
        if (sets.has(`${subset} ${full}`) || wild.some((each) => each.subsets.has(subset) && covers(each.host, full))) continue;
        yield {
          code: 'ReferencedResourceNotFound',
          at: { resource: service, path: [...path, 'subset'] },
          title: `no DestinationRule declares subset \`${subset}\` of \`${host}\``,
          detail: `${host} ${subset}`,
        };
      }
    }
  },
} satisfies MeshAnalyzer;
