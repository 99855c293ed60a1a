import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { nameOf, TOKEN_TAGS } from './common.ts';

export const jwtForwarded = {
  id: 'mesh.jwt-forwarded',
  name: 'Tokens are passed on to the workload',
  severity: 'info',
  cwe: [522],
  why: "The workload, its logs and whatever it calls get the caller's token, and can use it in the caller's name wherever it is good.",
  help: 'pass on the claims that are needed (`outputClaimToHeaders`) instead of the token',
  references: ['https://istio.io/latest/docs/reference/config/security/jwt/', 'RFC 8725 section 3.9'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const policy of system.requestAuthentications) {
      for (const [index, rule] of (policy.spec.jwtRules ?? []).entries()) {
        if (rule.forwardOriginalToken !== true) continue;
        yield {
          title: `\`${nameOf(policy)}\` passes tokens on to the workload`,
          at: { resource: policy, path: ['spec', 'jwtRules', index, 'forwardOriginalToken'] },
        };
      }
    }
  },
} satisfies SystemRule;
