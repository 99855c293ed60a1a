// What compiling found: values that could not be honoured, and where ambient mode means something else than a sidecar.
import type { Diagnostic } from '#model/diagnostic.ts';
import { formatPath } from '#model/origin.ts';
import { placeOf } from '#plan/select.ts';
import { locationAt } from './reasons.ts';
import type { PolicyOfRule, Refusal } from './rule.ts';

/** One diagnostic per mistake; HTTP fields on TCP ports are ordinary and only told by the linter, which knows the ports. */
export function refusalDiagnostics(
  refusals: readonly Refusal[],
  policies: readonly PolicyOfRule[],
  layer: 'http' | 'tcp' | 'ambient',
): Diagnostic[] {
  // The TCP stage compiles the same values again; it has nothing new to say.
  if (layer === 'tcp') return [];
  const ambient =
    layer === 'ambient'
      ? policies.filter(({ action }) => action === 'AUDIT' || action === 'CUSTOM').map(unsupportedInAmbient)
      : [];
  return [...refusals.filter((refusal) => refusal.mistake || layer === 'ambient').map(refusalDiagnostic), ...ambient];
}

function refusalDiagnostic(refusal: Refusal): Diagnostic {
  const what = refusal.value === '' ? `\`${refusal.name}\`` : `\`${refusal.value}\` in \`${refusal.name}\``;
  const effect =
    refusal.dropped === 'rule'
      ? 'the whole rule allows nothing'
      : 'the rule stands without it and so matches more, or in ambient mode nothing';
  return {
    code: refusal.mistake ? 'policy.value-refused' : 'policy.ambient-difference',
    severity: refusal.mistake ? 'error' : 'warning',
    message: `${what} of \`${refusal.policy.name}\` cannot be honoured: ${refusal.reason}; ${effect}`,
    path: formatPath(refusal.path),
    ...locationAt(placeOf(refusal.policy.placed, refusal.path)),
  };
}

function unsupportedInAmbient(policy: PolicyOfRule): Diagnostic {
  return {
    code: 'policy.ambient-difference',
    severity: 'warning',
    message: `\`${policy.name}\` has no effect in ambient mode without a waypoint: action ${policy.action} is not supported there`,
    path: 'spec.action',
    ...locationAt(placeOf(policy.placed, ['spec', 'action'])),
  };
}
