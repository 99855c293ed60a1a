// cullis.dev/v1 EgressPolicy to what the model holds.
import { parseDurationMs } from '#base/duration.ts';
import { DEFAULT_INSPECTION } from '#model/istio-egress.ts';
import type { EgressInspection, EgressLimits, EgressPolicySpec } from '#model/istio-egress.ts';
import type { TargetRef } from '#model/istio.ts';
import type { z } from 'zod';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import { egressPolicySchema } from './egress-schema.ts';
import { parseWith } from './issues.ts';

type Written = z.infer<typeof egressPolicySchema>;
const WINDOW_MS = 60_000;

export const readEgressPolicy: KindReader = (document, scope) => {
  const typed = scope.at('spec', (): EgressPolicySpec | undefined => {
    const spec = parseWith(egressPolicySchema, document.raw['spec'] ?? {}, scope);
    if (!spec) return undefined;
    if (spec.selector && spec.targetRefs) scope.error('target-exclusive', 'only one of `selector` and `targetRefs` may be set');
    if (!spec.limits && !spec.inspect) scope.error('required', 'an EgressPolicy needs `limits` or `inspect`');
    return {
      ...(spec.selector && { selector: { matchLabels: spec.selector.matchLabels ?? {} } }),
      ...(spec.targetRefs && { targetRefs: spec.targetRefs.map(targetOf) }),
      ...(spec.limits && { limits: limitsOf(spec.limits) }),
      ...(spec.inspect && { inspect: inspectionOf(spec.inspect) }),
    };
  });
  if (!typed) return undefined;
  const policy = resourceOf(document, 'EgressPolicy', typed);
  return { resource: policy, part: { type: 'egressPolicy', policy } };
};

function targetOf({ kind, name }: NonNullable<Written['targetRefs']>[number]): TargetRef {
  return { group: kind === 'Service' ? '' : 'networking.istio.io', kind, name };
}

function limitsOf({ window, connectionDuration, bytes, requests, destinations }: NonNullable<Written['limits']>): EgressLimits {
  return {
    windowMs: window === undefined ? WINDOW_MS : parseDurationMs(window)!,
    ...(bytes !== undefined && { bytes }),
    ...(requests !== undefined && { requests }),
    ...(destinations !== undefined && { destinations }),
    ...(connectionDuration !== undefined && { connectionMs: parseDurationMs(connectionDuration)! }),
  };
}

function inspectionOf(written: NonNullable<Written['inspect']>): EgressInspection {
  const action = written.action ?? 'deny';
  return {
    action,
    kinds: written.kinds ?? DEFAULT_INSPECTION.kinds,
    exceptRules: written.exceptRules ?? [],
    exceptHeaders: written.exceptHeaders?.map((name) => name.toLowerCase()) ?? DEFAULT_INSPECTION.exceptHeaders,
    bytesMax: written.bytes ?? DEFAULT_INSPECTION.bytesMax,
    emailsMax: written.emails ?? DEFAULT_INSPECTION.emailsMax,
    wholeOnly: written.wholeOnly ?? action === 'deny',
  };
}
