// Rules that keep somebody out by identity, where callers without any identity get in.
import type { AuthorizationPolicy } from '#model/istio.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { selected, valueLists } from '#policy/lint/context.ts';
import type { LintWorkload, ValueList } from '#policy/lint/context.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { ACCESS_TAGS, nameOf, names } from './common.ts';

const IDENTITY: ReadonlySet<string> = new Set([
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'source.principal',
  'source.namespace',
  'source.serviceAccount',
]);

export const identityOverPlaintext = {
  id: 'mesh.identity-over-plaintext',
  name: 'Caller kept out by identity gets in without one',
  severity: 'high',
  cwe: [290, 863],
  why: 'Over plaintext a caller has no identity. A DENY rule that names identities does not match it, and it goes on as if it were somebody else.',
  help: 'demand mutual TLS (STRICT) there, and allow by name instead of denying by name',
  references: ['https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source'],
  tags: ACCESS_TAGS,
  *check(context: ScanContext): Generator<Hit> {
    for (const policy of context.system.authorizationPolicies) {
      const list = valueLists(policy).find((each) => keepsOut(policy, each));
      if (!list) continue;
      const open = selected(context.lint, policy).filter((one) => takesPlaintext(context, one) && !isHeld(one));
      if (open.length === 0) continue;
      yield {
        title: `\`${nameOf(policy)}\` keeps callers out by \`${list.field}\`, and whoever comes over plaintext has none`,
        message: `${names(open.map(({ id }) => id))} ${open.length > 1 ? 'take' : 'takes'} plaintext, where a caller has no identity: the rule does not see the one it is to keep out`,
        at: { resource: policy, path: list.path },
        fix: {
          text: 'demand mutual TLS of these workloads',
          yaml: `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  name: default\n  namespace: ${open[0]!.namespace}\nspec:\n  mtls:\n    mode: STRICT\n`,
        },
      };
    }
  },
} satisfies SystemRule;

/** A DENY rule that wants an identity; a missing one never has it. */
function keepsOut({ spec }: AuthorizationPolicy, { field, negated, values }: ValueList): boolean {
  return spec.action === 'DENY' && !negated && IDENTITY.has(field) && values.length > 0;
}

function takesPlaintext({ system }: ScanContext, one: LintWorkload): boolean {
  return one.ports.some(({ port }) => effectiveMtls(system, one, port).mode !== 'STRICT');
}

/** An ALLOW policy that wants an identity in every rule refuses the nameless caller anyway. */
function isHeld({ policies }: LintWorkload): boolean {
  const allows = policies.authorization.map(({ resource }) => resource).filter(({ spec }) => spec.action === 'ALLOW');
  return (
    allows.length > 0 &&
    allows.every((policy) =>
      (policy.spec.rules ?? []).every((_, index) =>
        valueLists(policy).some((list) => list.rule === index && !list.negated && IDENTITY.has(list.field)),
      ),
    )
  );
}
