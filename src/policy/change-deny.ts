// The smallest exception by which a DENY rule leaves out one request.
import type { Attributes } from '#model/decision.ts';
import type { Path } from '#model/origin.ts';
import type { PolicySet } from '#plan/plan.ts';
import { accountOf, addValues, exactValue, principalOf } from './edit.ts';
import type { Addition, Edit } from './edit.ts';
import type { Clause, CompiledRule } from './rule.ts';

/**
 * Exceptions in order of preference: one more value in a negated field that the rule has; the caller; the operation; the address.
 * Each is put into every `from` or `to` item through which the rule matches. The caller of this takes the first that works.
 */
export function* denyEdits(set: PolicySet, rule: CompiledRule, a: Attributes): Generator<Edit> {
  const purpose = ', which leaves this request out of what it denies';
  const edit = (additions: readonly Addition[]): Edit => addValues(set, rule.policy.placed, rule.index, additions, purpose);
  for (const field of rule.when) {
    const value = field.negated ? exactValue(field, a) : undefined;
    if (value !== undefined) yield edit([{ path: field.path, value }]);
  }
  const from = matching(rule, 'from', a);
  const to = matching(rule, 'to', a);
  for (const side of [from, to]) {
    const additions = side.map(({ clause }) => existing(clause, a));
    if (additions.every((addition) => addition !== undefined)) yield edit(additions);
  }
  const [principal, account] = [principalOf(a), accountOf(a)];
  if (principal !== undefined && !principal.includes('*')) {
    yield edit(
      from.map(({ clause, path }) =>
        // serviceAccounts and principals must not stand in one source (Istio's validation).
        account !== undefined && clause.some((field) => /serviceAccounts$/i.test(field.name))
          ? { path: [...path, 'notServiceAccounts'], value: account }
          : { path: [...path, 'notPrincipals'], value: principal },
      ),
    );
  }
  if (a.protocol === 'http' && a.path !== '' && !a.path.includes('*'))
    yield edit(to.map(({ path }) => ({ path: [...path, 'notPaths'], value: a.path })));
  yield edit(from.map(({ path }) => ({ path: [...path, 'notIpBlocks'], value: a.sourceIp })));
}

/** The items of one side through which the rule matches; without items, the one that would have to be written. */
function matching(rule: CompiledRule, side: 'from' | 'to', a: Attributes): { readonly clause: Clause; readonly path: Path }[] {
  const inner = side === 'from' ? 'source' : 'operation';
  const clauses = rule[side].length === 0 ? [[]] : rule[side];
  return clauses.flatMap((clause, index) =>
    clause.every((field) => field.test(a)) ? [{ clause, path: ['spec', 'rules', rule.index, side, index, inner] }] : [],
  );
}

/** One more value in a negated field that the item has already. */
function existing(clause: Clause, a: Attributes): Addition | undefined {
  for (const field of clause) {
    const value = field.negated ? exactValue(field, a) : undefined;
    if (value !== undefined) return { path: field.path, value };
  }
  return undefined;
}
