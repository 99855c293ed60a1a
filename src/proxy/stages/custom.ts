import { unreachable } from '#base/assert.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Verdict } from '../ext-authz.ts';
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
    const refusal = take(x, name, verdict, provider?.provider.failOpen === true);
    if (refusal !== 'next') return await refusal;
  }
  return 'next';
}

function take(x: Exchange, name: string, verdict: Verdict, failOpen: boolean): Step | Promise<Step> {
  switch (verdict.kind) {
    case 'allow':
      for (let i = 0; i + 1 < verdict.toUpstream.length; i += 2)
        x.headers.set(verdict.toUpstream[i]!, verdict.toUpstream[i + 1]!);
      if (verdict.toDownstream.length > 0) {
        const back = verdict.toDownstream;
        const changes = back.flatMap((header, i) =>
          i % 2 === 0 ? [{ op: 'set' as const, name: header, value: back[i + 1]! }] : [],
        );
        x.responseChanges = [...x.responseChanges, ...changes];
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
      if (failOpen) {
        x.runtime.log('warn', 'an external authorizer failed and is configured to fail open', {
          provider: name,
          why: verdict.why,
        });
        return 'next';
      }
      return refuse(x, {
        status: 403,
        code: 'rbac.custom-unavailable',
        reasons: [reason('CUSTOM', 'provider', [name], '', '', verdict.why)],
      });
    default:
      return unreachable(verdict);
  }
}
