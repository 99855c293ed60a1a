// What the weaknesses of a System are expected to cost, and how much of it each finding answers for.
import type { Finding } from '#model/finding.ts';
import { formatPath } from '#model/origin.ts';
import { resourceId } from '#model/resource.ts';
import { withoutFacts } from './builder.ts';
import { locationOf } from './evidence.ts';
import type { AttackGraph, Fact, FactId } from './model.ts';
import { startNode } from './paths.ts';
import { Onward } from './onward.ts';
import { likeliest, wayTo } from './search.ts';

/** Euros: for each jewel its value times the probability of the likeliest way to it. */
export function lossOf(graph: AttackGraph, from = 'internet'): number {
  const start = startNode(graph, from);
  if (start === undefined) return 0;
  const { probability } = likeliest(graph, start);
  return graph.jewels.reduce((sum, jewel) => sum + probability[jewel]! * (graph.nodes[jewel]!.asset?.value ?? 0), 0);
}

export interface FindingRisk {
  readonly finding: Finding;
  /** Euros that the expected loss falls when the finding is gone; 0 for one that no path uses. */
  readonly risk: number;
  /** Euros that may fall at all by paths that use it: tells apart findings that others stand in for. */
  readonly exposed: number;
  readonly facts: readonly FactId[];
}

/** Rules whose findings are about one kind of fact, by the beginning of their codes. */
const CODES: readonly (readonly [code: RegExp, facts: RegExp])[] = [
  [/^(?:network|netpol|reach)\b/, /^(?:open|metadata):/],
  [/^(?:mesh|policy|istio|authz)\b/, /^(?:open|forge):/],
  [/^(?:pod|pss|container)\b/, /^escape:/],
  [/^rbac\b/, /^(?:grant|token):/],
  [/^secrets?\b/, /^secret:/],
  [/^(?:vulnerability|vulnerabilities)\b/, /^vulnerability:/],
  [/^(?:exposure|ingress|edge|tls)\b/, /^exposure:/],
];

/**
 * Ranks findings by what they change: the expected loss with and without the edges that rest on their facts, not by a score of their own.
 *
 * A finding is tied to a fact when both speak of one resource and one place inside the other, when it has the fact's own id (vulnerabilities, findings
 * that made an edge), or when its rule is about that kind of fact and it names the same resource.
 * @returns one row a finding, most first; ties keep their order
 */
export function riskOf(findings: readonly Finding[], graph: AttackGraph, from = 'internet'): readonly FindingRisk[] {
  const start = startNode(graph, from);
  if (start === undefined) return findings.map((finding) => ({ finding, risk: 0, exposed: 0, facts: [] }));
  const whole = lossOf(graph, from);
  const search = likeliest(graph, start);
  const onward = new Onward(graph);
  const used = new Set(graph.jewels.flatMap((jewel) => wayTo(graph, search, jewel)));
  const byFact = new Map<FactId, number[]>();
  for (const [e, { facts }] of graph.edges.entries())
    for (const fact of facts) {
      const present = byFact.get(fact);
      if (present) present.push(e);
      else byFact.set(fact, [e]);
    }
  const byResource = new Map<string, Fact[]>();
  for (const fact of graph.facts.values()) {
    for (const { resource } of [fact.evidence, ...(fact.also ?? [])]) {
      const key = resource ? resourceId(resource) : '';
      const present = byResource.get(key);
      if (present) present.push(fact);
      else byResource.set(key, [fact]);
    }
  }
  const known = new Map<string, { readonly risk: number; readonly exposed: number }>();
  let searches = 0;
  const answer = (facts: readonly FactId[]): { readonly risk: number; readonly exposed: number } => {
    const key = facts.join('\n');
    let found = known.get(key);
    if (!found) {
      const edges = facts.flatMap((fact) => byFact.get(fact) ?? []);
      // Removing what no best way uses changes nothing: no need to search again.
      const isUsed = edges.some((e) => used.has(e)) && searches++ < SEARCHES_MAX;
      const risk = isUsed ? whole - lossOf(withoutFacts(graph, new Set(facts)), from) : 0;
      found = { risk, exposed: onward.lossThrough(edges, search.probability) };
      known.set(key, found);
    }
    return found;
  };
  return findings
    .map((finding): FindingRisk => {
      const facts = factsOf(finding, graph, byResource);
      return facts.length === 0 ? { finding, risk: 0, exposed: 0, facts } : { finding, ...answer(facts), facts };
    })
    .sort((a, b) => b.risk - a.risk || b.exposed - a.exposed);
}

/** What these say stands at the same lines and is no way of its own: the name of an image, what a pod lacks. */
/** Facts of one resource that a finding is held against, and searches of the whole graph: ranking must not cost more than finding. */
const FACTS_MAX = 64;
const SEARCHES_MAX = 200;

const NO_WAY = /^(?:image|images|parity|api|dockerfile)\.|^pod\.(?:hardening|resources)$/;

/** The facts of the graph that a finding is about. */
function factsOf(finding: Finding, graph: AttackGraph, byResource: ReadonlyMap<string, readonly Fact[]>): readonly FactId[] {
  const found = new Set<FactId>();
  if (NO_WAY.test(finding.code)) return [];
  const own = `finding:${finding.id}`;
  if (graph.facts.has(own)) found.add(own);
  const advisories = finding.title.match(/\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[a-z0-9]{4}){3})\b/g) ?? [];
  const kinds = CODES.filter(([code]) => code.test(finding.code)).map(([, facts]) => facts);
  const ofResource = byResource.get(finding.subject ?? '') ?? [];
  for (const fact of ofResource.length > FACTS_MAX ? ofResource.slice(0, FACTS_MAX) : ofResource) {
    const place = formatPath(fact.evidence.path ?? []);
    const samePlace = touches(finding.path ?? '', place);
    if (
      kinds.some((facts) => facts.test(fact.id))
        ? samePlace || !fact.id.startsWith('escape:')
        : // A fact about a whole resource is not about every place in it.
          samePlace && (finding.path ?? '') !== '' && place !== ''
    )
      found.add(fact.id);
  }
  if (advisories.length > 0)
    for (const id of graph.facts.keys())
      if (id.startsWith('vulnerability:') && advisories.some((advisory) => id.endsWith(`:${advisory}`))) found.add(id);
  if (found.size === 0 && finding.location) {
    for (const fact of (byResource.get('') ?? []).slice(0, FACTS_MAX)) {
      const at = locationOf(fact.evidence);
      if (at && at.file === finding.location.file && at.line === finding.location.line) found.add(fact.id);
    }
  }
  return [...found].sort();
}

/** Whether one place lies inside the other. */
function touches(a: string, b: string): boolean {
  return (
    a === b ||
    a.startsWith(`${b}.`) ||
    a.startsWith(`${b}[`) ||
    b.startsWith(`${a}.`) ||
    b.startsWith(`${a}[`) ||
    a === '' ||
    b === ''
  );
}
