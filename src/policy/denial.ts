// Why a request was denied: the DENY rule that matched, or the ALLOW rule that came nearest.
import type { Attributes, Reason } from '#model/decision.ts';
import { describeHit, describeMiss, fieldReason, policyReason } from './reasons.ts';
import type { Clause, CompiledRule, Field, PolicyOfRule, Refusal } from './rule.ts';

/** Rules that are told about when nothing allowed, nearest first. */
const NEAREST_MAX = 3;
const REASONS_MAX = 12;

/** The fields by which a rule matched: the first clause of `from` and `to` that holds, and all of `when`. */
export function matchedFields(rule: CompiledRule, a: Attributes): Field[] {
  const clause = (clauses: readonly Clause[]): Clause => clauses.find((fields) => fields.every((field) => field.test(a))) ?? [];
  return [...clause(rule.from), ...clause(rule.to), ...rule.when];
}

/** Reasons of a DENY rule that matched, one a field. @param verb `denied`, `audit`, `dry-run: would be denied` */
export function explainMatch(rule: CompiledRule, a: Attributes, verb: string): Reason[] {
  const by = `${verb} by rule ${rule.index} of \`${rule.policy.name}\``;
  const fields = matchedFields(rule, a);
  if (fields.length === 0) return [policyReason(rule.policy, rule.index, `${by}: it matches everything`)];
  return fields.map((field) => fieldReason(rule, field, a, `${by}: ${describeHit(field, a)}`));
}

export interface Miss {
  readonly rule: CompiledRule;
  /** Fields that stand in the way, in the nearest clause of `from` and of `to`, and in `when`. */
  readonly failing: readonly Field[];
}

/**
 * The rules that are nearest to matching, fewest failing fields first; equal ones in order.
 * Fields are only counted at first, so that a flood of denials costs little even where there are hundreds of rules.
 * @param max how many
 */
export function misses(rules: readonly CompiledRule[], a: Attributes, max: number): Miss[] {
  const best: { readonly rule: CompiledRule; readonly count: number }[] = [];
  for (const rule of rules) {
    const bar = best.length < max ? Number.MAX_SAFE_INTEGER : (best.at(-1)?.count ?? 0);
    const count = failingCount(rule, a, bar);
    if (count >= bar) continue;
    if (best.length === max) best.pop();
    const at = best.findIndex((other) => other.count > count);
    best.splice(at < 0 ? best.length : at, 0, { rule, count });
  }
  return best.map(({ rule }) => ({
    rule,
    failing: [...nearestClause(rule.from, a), ...nearestClause(rule.to, a), ...rule.when.filter((field) => !field.test(a))],
  }));
}

function failingCount(rule: CompiledRule, a: Attributes, bar: number): number {
  let count = clausesCount(rule.to, a);
  if (count < bar) count += clausesCount(rule.from, a);
  if (count < bar) count += clauseCount(rule.when, a);
  return count;
}

function clausesCount(clauses: readonly Clause[], a: Attributes): number {
  let best = -1;
  for (const clause of clauses) {
    const count = clauseCount(clause, a);
    if (best < 0 || count < best) best = count;
  }
  return best < 0 ? 0 : best;
}

function clauseCount(clause: Clause, a: Attributes): number {
  let count = 0;
  for (const field of clause) if (!field.test(a)) count += 1;
  return count;
}

function nearestClause(clauses: readonly Clause[], a: Attributes): Field[] {
  let best: Field[] | undefined;
  for (const clause of clauses) {
    const failing = clause.filter((field) => !field.test(a));
    if (best === undefined || failing.length < best.length) best = failing;
  }
  return best ?? [];
}

/** Why no ALLOW rule matched: the nearest rules with every field that failed; rules that can never allow here; policies without rules. */
export function explainNoAllow(
  policies: readonly PolicyOfRule[],
  rules: readonly CompiledRule[],
  refusals: readonly Refusal[],
  a: Attributes,
): Reason[] {
  const reasons: Reason[] = [];
  for (const { rule, failing } of misses(rules, a, NEAREST_MAX)) {
    const by = `rule ${rule.index} of \`${rule.policy.name}\` does not allow it`;
    for (const field of failing) reasons.push(fieldReason(rule, field, a, `${by}: ${describeMiss(field, a)}`));
  }
  for (const refusal of refusals) {
    if (refusal.dropped !== 'rule') continue;
    const text = `rule ${refusal.index} of \`${refusal.policy.name}\` never allows here: ${refusal.reason}`;
    reasons.push(policyReason(refusal.policy, refusal.index, text, refusal.path));
  }
  for (const policy of policies) {
    if ((policy.placed.resource.spec.rules ?? []).length > 0) continue;
    reasons.push(policyReason(policy, -1, `\`${policy.name}\` has no rules, so it allows nothing`));
  }
  // Ambient mode can leave a policy without any rule that ztunnel would look at.
  if (reasons.length === 0 && policies[0])
    reasons.push(policyReason(policies[0], -1, `no rule of \`${policies[0].name}\` can match here`));
  return reasons.slice(0, REASONS_MAX);
}
