// Two list items where one was meant: `- from: …` and `- to: …` below `rules` are two rules, and rules are ORed.
import type { AuthorizationPolicy, AuthorizationRule } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { toYaml } from '../yaml.ts';
import { findingAt, nameOf, selected } from './context.ts';
import type { Check, LintContext } from './context.ts';
import { setting } from './edits.ts';
import { join, operationWords, sourceWords } from './words.ts';

type Part = 'from' | 'to' | 'when';
const PARTS: readonly Part[] = ['from', 'to', 'when'];

/** The only part a rule has, or undefined when it has none or several. */
function onlyPart(rule: AuthorizationRule): Part | undefined {
  const parts = PARTS.filter((part) => (rule[part] ?? []).length > 0);
  return parts.length === 1 ? parts[0] : undefined;
}

/** Neighbours that each hold a different part, merged; undefined when there are none. */
function mergeNeighbours(
  rules: readonly AuthorizationRule[],
): { readonly merged: AuthorizationRule[]; readonly first: number } | undefined {
  const merged: AuthorizationRule[] = [];
  let first = -1;
  let open: Part[] = [];
  for (const [index, rule] of rules.entries()) {
    const part = onlyPart(rule);
    const last = merged.at(-1);
    if (part !== undefined && last !== undefined && open.length > 0 && !open.includes(part)) {
      merged[merged.length - 1] = { ...last, ...rule };
      open.push(part);
      if (first < 0) first = index;
    } else {
      merged.push(rule);
      open = part === undefined ? [] : [part];
    }
  }
  return first < 0 ? undefined : { merged: merged.map(inOrder), first };
}

function inOrder({ from, to, when }: AuthorizationRule): AuthorizationRule {
  return { ...(from && { from }), ...(to && { to }), ...(when && { when }) };
}

export const splitRule: Check = (context) => context.system.authorizationPolicies.flatMap((policy) => check(context, policy));

function check(context: LintContext, policy: AuthorizationPolicy): Finding[] {
  const rules = policy.spec.rules ?? [];
  const found = mergeNeighbours(rules);
  if (found === undefined) return [];
  const allow = policy.spec.action === 'ALLOW';
  const meaning = rules.map((rule) => ruleWords(rule, allow)).filter((words) => words !== '');
  const reach = reachWords(context, policy);
  const count = found.merged.length;
  const parts = PARTS.filter((part) => rules.some((rule) => onlyPart(rule) === part)).map((part) => `\`${part}\``);
  return [
    findingAt(policy, ['spec', 'rules', found.first], {
      code: 'policy.split-rule',
      severity: allow ? (rules.every(isHarmless) ? 'medium' : 'critical') : 'medium',
      title: `${join(parts, 'and')} of \`${nameOf(policy)}\` are separate rules, so each one alone is enough`,
      message:
        `the list items below \`rules\` are alternatives (OR), not one rule: ${join(meaning, 'and')}${reach}. ` +
        `If they belong together, put them into one list item: both must then hold`,
      fix: {
        text:
          count === 1
            ? 'make it one rule by removing the `-` before the second part'
            : `make it ${count} rules, each with all its parts`,
        yaml: toYaml({ rules: found.merged }),
        ...setting(policy, ['spec', 'rules'], found.merged),
      },
    }),
  ];
}

function ruleWords(rule: AuthorizationRule, allow: boolean): string {
  const verb = allow ? 'may' : 'may not';
  const when = rule.when?.length ? ` when ${rule.when.map(({ key }) => `\`${key}\` fits`).join(' and ')}` : '';
  return `${sourceWords(rule)} ${verb} ${operationWords(rule)}${when}`;
}

/** An open rule for what health checks and scrapers read is often meant. */
function isHarmless(rule: AuthorizationRule): boolean {
  if (onlyPart(rule) !== 'to') return true;
  const harmless =
    /^\/(?:health|healthz|livez?|liveness|ready|readyz|readiness|metrics|ping|status|favicon\.ico|robots\.txt|\.well-known)\b/i;
  return (rule.to ?? []).every(({ operation }) => {
    const paths = operation.paths ?? [];
    return paths.length > 0 && paths.every((path) => harmless.test(path));
  });
}

function reachWords(context: LintContext, policy: AuthorizationPolicy): string {
  if (policy.spec.selector !== undefined || policy.spec.targetRefs !== undefined) return '';
  const root = policy.metadata.namespace === context.system.mesh.rootNamespace;
  const count = selected(context, policy).length;
  const workloads = count > 0 ? `, on all ${count} workloads` : ', on every workload';
  return root ? `${workloads} of the mesh` : `${workloads} of namespace \`${policy.metadata.namespace}\``;
}
