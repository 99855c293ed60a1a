// The threat model and its changes as plain values.
import { evidenceValue } from '../attack/json.ts';
import type { ThreatDiff } from './diff.ts';
import type { Threat, ThreatModel } from './model.ts';

function threatValue(threat: Threat): Readonly<Record<string, unknown>> {
  return {
    ...threat,
    evidence: threat.evidence.map(evidenceValue),
    controls: threat.controls.map((control) => ({
      ...control,
      ...(control.evidence && { evidence: evidenceValue(control.evidence) }),
    })),
  };
}

export function threatModelValue(model: ThreatModel): Readonly<Record<string, unknown>> {
  return {
    title: model.title,
    version: model.version,
    total: model.total,
    boundaries: model.boundaries,
    elements: model.elements.map((element) => ({ ...element, evidence: evidenceValue(element.evidence) })),
    threats: model.threats.map(threatValue),
  };
}

export function threatDiffValue(diff: ThreatDiff): Readonly<Record<string, unknown>> {
  return {
    expectedLoss: diff.expectedLoss,
    added: diff.added.map(threatValue),
    gone: diff.gone.map(threatValue),
    changed: diff.changed.map(({ before, after }) => ({ before: threatValue(before), after: threatValue(after) })),
  };
}
