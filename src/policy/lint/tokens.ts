// RequestAuthentication verifies tokens that are there; only an AuthorizationPolicy makes one necessary.
import type { AuthorizationPolicy } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { toYaml } from '../yaml.ts';
import { policyOf } from '../rule.ts';
import { namingLabels } from './coverage.ts';
import { findingAt, ISTIO_REQUEST, listText, nameOf, selected, valueLists } from './context.ts';
import type { Check, LintWorkload } from './context.ts';
import { creating } from './edits.ts';

const isTokenField = (field: string): boolean => field === 'requestPrincipals' || field.startsWith('request.auth.');

/** Tokens are checked but not required. */
export const tokenNotRequired: Check = (context) =>
  context.system.requestAuthentications.flatMap((policy): Finding[] => {
    const rules = policy.spec.jwtRules ?? [];
    if (rules.length === 0 || rules.some(({ presence }) => presence === 'REQUIRED')) return [];
    const open = selected(context, policy).filter((one) => !requiresToken(one));
    if (open.length === 0) return [];
    const labels = policy.spec.selector?.matchLabels ?? (open.length === 1 ? namingLabels(open[0]?.labels ?? {}) : undefined);
    const demand = {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: `${policy.metadata.name}-require-token`, namespace: policy.metadata.namespace },
      spec: {
        ...(labels && { selector: { matchLabels: labels } }),
        action: 'DENY',
        rules: [{ from: [{ source: { notRequestPrincipals: ['*'] } }] }],
      },
    };
    return [
      findingAt(policy, ['spec'], {
        code: 'jwt.not-required',
        severity: 'high',
        title: `\`${nameOf(policy)}\` verifies tokens but nothing requires one`,
        message: `a request without any token passes on ${listText(open.map(({ id }) => id))}: RequestAuthentication refuses bad tokens, not missing ones, and no AuthorizationPolicy in force there asks for a request principal`,
        fix: {
          text: 'deny requests that have no verified token',
          yaml: toYaml(demand),
          ...creating(policy, `${demand.metadata.name}.yaml`, demand),
        },
        references: [ISTIO_REQUEST],
      }),
    ];
  });

/** Some enforced policy at the workload looks at the token: a DENY on its absence, or an ALLOW rule that wants it. */
function requiresToken(one: LintWorkload): boolean {
  return one.policies.authorization.map(policyOf).some(({ placed, action, dryRun }) => {
    if (dryRun || (action !== 'ALLOW' && action !== 'DENY')) return false;
    return valueLists(placed.resource).some((list) => isTokenField(list.field) && list.negated === (action === 'DENY'));
  });
}

/** Rules that want a token where no RequestAuthentication verifies any. */
export const tokenNeverVerified: Check = (context) =>
  context.system.authorizationPolicies.flatMap((policy): Finding[] => {
    const list = valueLists(policy).find((one) => isTokenField(one.field));
    if (list === undefined) return [];
    const without = selected(context, policy).filter((one) =>
      one.policies.requestAuthentication.every(({ resource }) => (resource.spec.jwtRules ?? []).length === 0),
    );
    if (without.length === 0) return [];
    return [
      findingAt(policy, list.path, {
        code: 'jwt.never-verified',
        severity: opens(policy, list.negated) ? 'high' : 'medium',
        title: `\`${nameOf(policy)}\` looks at tokens that nothing verifies`,
        message: `no RequestAuthentication is in force on ${listText(without.map(({ id }) => id))}, so no request ever has a request principal there`,
        fix: { text: 'add a RequestAuthentication for these workloads' },
        references: [ISTIO_REQUEST],
      }),
    ];
  });

function opens({ spec }: AuthorizationPolicy, negated: boolean): boolean {
  return spec.action === 'DENY' ? !negated : spec.action === 'ALLOW' && negated;
}
