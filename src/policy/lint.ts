// What policies really mean, against what they seem to say: one list of checks, run over the whole system.
import { compareFindings } from '#model/finding.ts';
import type { Finding } from '#model/finding.ts';
import type { System } from '#model/system.ts';
import { lintContext } from './lint/context.ts';
import type { Check, LintContext } from './lint/context.ts';
import { httpOnTcp, noAllowPolicy, unknownPort } from './lint/coverage.ts';
import { externalAuthorizers, refusedValues } from './lint/external.ts';
import { unknownIdentities } from './lint/identities.ts';
import { contradictions, deniedAnyway } from './lint/overlap.ts';
import { routeWithoutLimit } from './lint/routes.ts';
import { noSelector, selectsNothing } from './lint/scope.ts';
import { splitRule } from './lint/split-rule.ts';
import { tokenNeverVerified, tokenNotRequired } from './lint/tokens.ts';
import { plaintext } from './lint/transport.ts';
import { openRules, values } from './lint/values.ts';

const CHECKS: readonly Check[] = [
  splitRule,
  openRules,
  noSelector,
  selectsNothing,
  values,
  refusedValues,
  unknownIdentities,
  unknownPort,
  httpOnTcp,
  contradictions,
  deniedAnyway,
  externalAuthorizers,
  noAllowPolicy,
  plaintext,
  tokenNotRequired,
  tokenNeverVerified,
  routeWithoutLimit,
];

/**
 * Findings about the policies of a system: rules that mean more or less than they say, workloads without a policy, plaintext links,
 * tokens that nothing requires, routes without a limit.
 * @param context of the same system, where it is made already
 * @returns worst first; ids are stable across runs
 */
export function lintPolicies(system: System, context: LintContext = lintContext(system)): readonly Finding[] {
  const findings = new Map(CHECKS.flatMap((check) => check(context)).map((finding) => [finding.id, finding]));
  return [...findings.values()].sort(compareFindings);
}
