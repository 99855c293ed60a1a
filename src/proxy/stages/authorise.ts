import { permitWithoutPolicy } from '#policy/permit.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/** AUDIT, DENY, ALLOW. What lets a request go on is the permit, which nobody else can make. */
export function authorise(x: Exchange): Step | Promise<Step> {
  if (policyIsOff(x)) {
    x.permit = permitWithoutPolicy('switched off for this workload');
    return 'next';
  }
  const decision = x.service.authorizer.authorize(x);
  x.shadow = decision.shadow;
  if (decision.allow) {
    x.permit = decision.permit;
    return 'next';
  }
  return refuse(x, { status: 403, code: decision.code, reasons: decision.reasons });
}

/** The demonstration shows a breach with policy off and the same call with policy on; nothing else switches it off. */
export function policyIsOff(x: Exchange): boolean {
  return x.service.role === 'sidecar-in' && x.runtime.ports.policyOff?.(x.service.workload) === true;
}
