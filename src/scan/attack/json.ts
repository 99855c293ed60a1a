// Paths, blast radius and fixes as plain values, for `--json`, reports and the dashboard.
import { formatPath } from '#model/origin.ts';
import { resourceId } from '#model/resource.ts';
import type { PathSummary } from '../result.ts';
import type { BlastRadius, BlastTarget } from './blast.ts';
import { locationOf } from './evidence.ts';
import type { FixOption } from './fix/option.ts';
import type { SmallestFix } from './fix/fix.ts';
import type { AttackNode, Evidence } from './model.ts';
import type { AttackPath } from './paths.ts';
import { hopWords } from './words.ts';

/** `{ text, resource, path, file, line, column }`, what is known of it. */
export function evidenceValue(evidence: Evidence): Readonly<Record<string, unknown>> {
  const location = locationOf(evidence);
  return {
    text: evidence.text,
    ...(evidence.resource && { resource: resourceId(evidence.resource) }),
    ...(evidence.path && evidence.path.length > 0 && { path: formatPath(evidence.path) }),
    ...location,
  };
}

function nodeValue({ id, kind, label, asset }: AttackNode): Readonly<Record<string, unknown>> {
  return { id, kind, label, ...(asset && { asset: { ...asset, evidence: evidenceValue(asset.evidence) } }) };
}

/** @param path as `attackPaths` gives it */
export function pathValue(path: AttackPath): Readonly<Record<string, unknown>> {
  return {
    id: path.id,
    from: nodeValue(path.from),
    to: nodeValue(path.to),
    probability: path.probability,
    risk: path.risk,
    byDesign: path.byDesign,
    hops: path.hops.map(({ to, edge }) => ({
      to: nodeValue(to),
      kind: edge.kind,
      probability: edge.probability,
      text: edge.text,
      required: edge.required,
      facts: edge.facts,
      evidence: edge.evidence.map(evidenceValue),
    })),
  };
}

/** What reports need of a path. @param unit name of the deployable it was found in */
export function pathSummary(path: AttackPath, unit: string): PathSummary {
  return {
    id: path.id,
    unit,
    from: path.from.label,
    to: path.to.label,
    risk: path.risk,
    hops: path.hops.map(({ to, edge }) => {
      const hop = hopWords(edge.kind, to);
      const [evidence] = edge.evidence;
      const location = evidence && locationOf(evidence);
      return {
        text: `${hop.verb} ${hop.to}: ${edge.text}`,
        ...(location && { file: location.file, line: location.line }),
      };
    }),
  };
}

export function blastValue(blast: BlastRadius): Readonly<Record<string, unknown>> {
  const target = ({ node, probability, path }: BlastTarget): Readonly<Record<string, unknown>> => ({
    ...nodeValue(node),
    probability,
    path: pathValue(path),
  });
  return {
    from: nodeValue(blast.from),
    expectedLoss: blast.expectedLoss,
    value: blast.value,
    ports: blast.ports,
    jewels: blast.jewels.map(target),
    workloads: blast.workloads.map(target),
    others: blast.others.map(target),
  };
}

function optionValue({ id, kind, text, effort, ends, edits, manual }: FixOption): Readonly<Record<string, unknown>> {
  return { id, kind, text, effort, ends, edits, ...(manual !== undefined && { manual }) };
}

/** The fix with its certificate. */
export function fixValue(fix: SmallestFix): Readonly<Record<string, unknown>> {
  return {
    fixes: fix.fixes.map(optionValue),
    edits: fix.edits,
    cost: fix.cost,
    bound: fix.bound,
    paths: fix.paths.map(pathValue),
    alternatives: fix.alternatives.map(({ fixes, cost }) => ({ cost, fixes: fixes.map(optionValue) })),
    certificate: fix.certificate,
  };
}
