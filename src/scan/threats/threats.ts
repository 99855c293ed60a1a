// System, attack graph and findings → the threat model.
import { hash } from 'node:crypto';
import { withoutFacts } from '../attack/builder.ts';
import type { BuiltGraph } from '../attack/build.ts';
import type { AttackInput } from '../attack/context.ts';
import { lossOf } from '../attack/loss.ts';
import { contextOf } from './context.ts';
import type { ThreatDraft } from './context.ts';
import { findingThreats } from './findings.ts';
import { FIGURES } from './model.ts';
import type { Element, Threat, ThreatModel } from './model.ts';
import { THREAT_RULES } from './rules.ts';

export interface ThreatRequest {
  readonly title?: string;
}

/**
 * The threats to every element and flow of a System.
 * @example threatModel({ system, reach: reachOf(system) }, buildAttackGraph({ system, reach }))
 */
export function threatModel(input: AttackInput, graph: BuiltGraph, request: ThreatRequest = {}): ThreatModel {
  const context = contextOf(input, graph);
  const { drawn, options } = context;
  const threats: Threat[] = [];
  for (const element of drawn.elements) {
    const drafts = THREAT_RULES.flatMap((rule) => [...rule(element, context)]);
    for (const draft of drafts) threats.push(threatOf(element, draft));
  }
  for (const [element, draft] of findingThreats(context, threats, input.findings ?? [])) threats.push(threatOf(element, draft));
  threats.sort((a, b) => b.loss - a.loss || (a.id < b.id ? -1 : 1));
  const ended = new Set(options.flatMap(({ ends }) => ends));
  const reducible = context.expectedLoss - lossOf(withoutFacts(graph, ended));
  return {
    title: request.title ?? 'System',
    boundaries: drawn.boundaries,
    elements: drawn.elements,
    threats,
    total: { expectedLoss: context.expectedLoss, value: context.value, reducible },
    version: `${FIGURES.version}/${graph.version}`,
  };
}

function threatOf(element: Element, draft: ThreatDraft): Threat {
  const { detail, ...rest } = draft;
  const loss = draft.likelihood * draft.impact;
  const stands =
    draft.controls.some(({ exists }) => exists) && !draft.controls.some(({ exists, reduction }) => !exists && reduction > 0);
  return {
    id: hash('sha256', JSON.stringify([element.id, draft.stride, draft.rule, detail ?? ''])).slice(0, 12),
    element: element.id,
    ...rest,
    loss,
    severity: loss >= 10_000 ? 'high' : loss >= 500 ? 'medium' : 'low',
    status: stands ? 'mitigated' : 'open',
  };
}
