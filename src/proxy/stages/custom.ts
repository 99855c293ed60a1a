import { unreachable } from '#base/assert.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import { applyChanges } from '../route-headers.ts';
import type { Verdict } from '../authorizer.ts';
import { changeParams } from '../credentials.ts';
import type { Exchange } from '../exchange.ts';
import { policyIsOff } from './authorise.ts';
import type { Step } from './step.ts';

/** CUSTOM policies: every external authorizer that a matching policy names must allow, and an answer that does not come is a refusal. */
export function custom(x: Exchange): Step | Promise<Step> {
  if (x.service.authorizer.empty || policyIsOff(x)) return 'next';
  const decision = x.service.authorizer.custom(x);
  if (decision.kind === 'none') return 'next';
  if (decision.kind === 'deny') return refuse(x, { status: 403, code: 'rbac.custom-denied', reasons: decision.reasons });
  return ask(x, decision.providers);
}

async function ask(x: Exchange, names: readonly string[]): Promise<Step> {
  for (const name of names) {
    const provider = x.service.extAuthz.get(name);
    const verdict: Verdict = provider
      ? await provider.check(x)
      : { kind: 'unavailable', why: 'the external authorizer is not known here' };
    const refusal = take(x, name, verdict, provider?.provider);
    if (refusal !== 'next') return await refusal;
  }
  return 'next';
}

function take(x: Exchange, name: string, verdict: Verdict, provider: ExtAuthzProvider | undefined): Step | Promise<Step> {
  switch (verdict.kind) {
    case 'allow':
      applyChanges(x.headers, verdict.upstream);
      if (verdict.downstream.length > 0) x.responseChanges = [...x.responseChanges, ...verdict.downstream];
      if (verdict.setParams || verdict.removeParams) {
        x.query = changeParams(x.query, verdict.setParams ?? [], verdict.removeParams ?? []);
        x.target = x.path + x.query;
      }
      return 'next';
    case 'deny': {
      const reasons = [
        reason(
          'CUSTOM',
          'provider',
          [name],
          String(verdict.status),
          '',
          `the external authorizer \`${name}\` refused the request`,
        ),
      ];
      return refuse(x, {
        status: verdict.status,
        code: 'rbac.custom-denied',
        reasons,
        headers: verdict.headers,
        body: verdict.body,
      });
    }
    case 'unavailable':
      if (provider?.failOpen === true) {
        x.runtime.log('warn', 'an external authorizer failed and is configured to fail open', {
          provider: name,
          why: verdict.why,
        });
        return 'next';
      }
      return refuse(x, {
        status: provider?.statusOnError ?? 403,
        code: 'rbac.custom-unavailable',
        reasons: [reason('CUSTOM', 'provider', [name], '', '', verdict.why)],
      });
    default:
      return unreachable(verdict);
  }
}
