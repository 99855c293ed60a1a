// Findings that no path explains are threats all the same, each at the element that it is about.
import type { Finding } from '#model/finding.ts';
import { resourceId } from '#model/resource.ts';
import { FIGURES as F } from './model.ts';
import type { Element, Stride, Threat } from './model.ts';
import { findingEvidence } from './context.ts';
import type { ThreatContext, ThreatDraft } from './context.ts';

/** Category of a rule's findings, by the beginning of its code; the first that fits. */
const CATEGORIES: readonly (readonly [code: RegExp, stride: Stride])[] = [
  [/rate-?limit|pagination|unbounded|resources|healthcheck|probe/, 'denial-of-service'],
  [/audit|logging|brute-force/, 'repudiation'],
  [/^(?:oauth|oidc|jwt|code\.jwt|authn|certificates?)\b|authentication/, 'spoofing'],
  [/^(?:tls|secret|secrets|secrets-config)\b|secret|encryption|plain/, 'information-disclosure'],
  [/^(?:image|images|dockerfile|build|parity|vulnerability)\b|mass-assignment|webhook/, 'tampering'],
  [/^(?:network|netpol)\b/, 'information-disclosure'],
  [/./, 'elevation-of-privilege'],
];

const PER_ELEMENT_MAX = 50;

/** @param made threats that the graph explains already: their evidence is not told twice */
export function findingThreats(
  context: ThreatContext,
  made: readonly Threat[],
  findings: readonly Finding[],
): readonly (readonly [Element, ThreatDraft])[] {
  const byResource = new Map<string, Element>();
  const elements = new Map(context.drawn.elements.map((element) => [element.id, element]));
  for (const { id, resource } of context.input.system.workloads)
    byResource.set(resourceId(resource), elements.get(`workload:${id}`)!);
  const told = new Set(
    made.flatMap(({ evidence }) =>
      evidence.flatMap(({ resource, path }) => (resource && path ? [`${resourceId(resource)} ${path.join('.')}`] : [])),
    ),
  );
  const counts = new Map<string, number>();
  const found: (readonly [Element, ThreatDraft])[] = [];
  for (const finding of findings) {
    if (finding.severity === 'info') continue;
    const element = byResource.get(finding.subject ?? '') ?? elements.get('internet')!;
    const at = `${finding.subject ?? ''} ${(finding.path ?? '').replaceAll(/\[(\d+)\]/g, '.$1')}`;
    const n = counts.get(element.id) ?? 0;
    if ((finding.path !== undefined && told.has(at)) || n >= PER_ELEMENT_MAX) continue;
    counts.set(element.id, n + 1);
    const node = context.graph.index.get(element.id);
    const share = finding.severity === 'critical' || finding.severity === 'high' ? 1 : F.flowShare;
    const impact =
      element.kind === 'actor'
        ? context.value * F.outageShare
        : Math.max(
            node === undefined ? 0 : context.onward.loss(node) * share,
            (element.value ?? 0) * F.flowShare,
            context.value * F.outageShare * share,
          );
    const reached = node === undefined || element.kind === 'actor' ? 1 : Math.max(context.search.probability[node]!, 0.1);
    const likelihood = F.finding[finding.severity] * reached;
    found.push([
      element,
      {
        stride: CATEGORIES.find(([code]) => code.test(finding.code))![1],
        rule: finding.code,
        title: finding.title,
        description: finding.message,
        likelihood,
        impact,
        controls: finding.fix ? [{ text: finding.fix.text, exists: false, reduction: likelihood * impact, fix: finding.id }] : [],
        evidence: [findingEvidence(finding)],
        detail: finding.id,
      },
    ]);
  }
  return found;
}
