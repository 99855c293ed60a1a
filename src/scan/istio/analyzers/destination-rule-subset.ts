// DestinationRules for hosts that nobody has, and subsets that no pod is in.
import type { Resource } from '#model/resource.ts';
import { recordAt, textAt, textsAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { HostIndex, servicePlace, serviceOf } from '../hosts.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';

export const DESTINATION_RULE_SUBSETS_ANALYZER = {
  id: 'istio.destination-rule-subset',
  analyzer: 'destinationrule.PodNotSelectedAnalyzer',
  name: 'DestinationRule for nothing',
  severity: 'low',
  cwe: [16],
  why: 'A rule for a host that does not exist changes nothing: its TLS settings, limits and circuit breakers are not in force. Requests to an empty subset are answered with 503.',
  help: 'correct the host, or the labels of the subset',
  references: [messageUrl('DestinationRuleSubsetNotSelectPods'), messageUrl('UnknownDestinationRuleHost')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const entries = new HostIndex<Resource>();
    for (const entry of mesh.istio('networking', 'ServiceEntry'))
      for (const host of textsAt(entry.spec, 'hosts')) entries.add(host, entry);
    for (const rule of mesh.istio('networking', 'DestinationRule')) yield* judge(mesh, rule, entries);
  },
} satisfies MeshAnalyzer;

function* judge(mesh: MeshIndex, rule: Resource, entries: HostIndex<Resource>): Generator<MeshHit> {
  const host = textAt(rule.spec, 'host') ?? '';
  if (host === '' || host.includes('*')) return;
  const service = serviceOf(mesh, host, rule.metadata.namespace);
  if (!service) {
    const place = servicePlace(mesh, host, rule.metadata.namespace);
    if (entries.find(host).length > 0 || (!mesh.complete && (!place || mesh.servicesIn(place.namespace).length === 0))) return;
    yield {
      code: 'UnknownDestinationRuleHost',
      at: { resource: rule, path: ['spec', 'host'] },
      title: `there is no host \`${host}\``,
    };
    return;
  }
  const selector = recordAt(service.spec, 'selector');
  if (Object.keys(selector).length === 0) return;
  const pods = mesh.podsWith(selector, service.metadata.namespace);
  if (!mesh.complete && pods.length === 0) return;
  for (const { raw, path } of itemsAt(rule.spec, 'subsets', ['spec'])) {
    const labels = recordAt(raw, 'labels');
    if (pods.some((pod) => isIn(mesh, pod, labels))) continue;
    const name = textAt(raw, 'name') ?? '';
    yield {
      code: 'DestinationRuleSubsetNotSelectPods',
      at: { resource: rule, path },
      title: `no pod of \`${service.metadata.name}\` is in subset \`${name}\``,
      detail: name,
    };
  }
}

const TOPOLOGY: ReadonlySet<string> = new Set([
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
  'kubernetes.io/hostname',
  'topology.istio.io/cluster',
  'topology.istio.io/network',
]);

/** Labels of topology come from the node; an empty one of it does not count. */
function isIn(mesh: MeshIndex, pod: PodView, labels: Readonly<Record<string, string>>): boolean {
  const node = mesh.named('', 'Node', '', textAt(pod.spec, 'nodeName') ?? '');
  return Object.entries(labels).every(([key, value]) => {
    if (pod.labels[key] === value) return true;
    if (!TOPOLOGY.has(key)) return false;
    if (value === '') return false;
    // Which nodes there are is not written in manifests.
    return node ? node.metadata.labels[key] === value : !mesh.complete || mesh.kind('', 'Node').length === 0;
  });
}
