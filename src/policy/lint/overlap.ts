// DENY rules that take back everything an ALLOW rule gives, and values that contradict each other.
import type { AuthorizationPolicy, AuthorizationRule } from '#model/istio.ts';
import type { Finding } from '#model/finding.ts';
import { parseStringRule, stringTest } from '../strings.ts';
import type { StringRule } from '../strings.ts';
import { policyOf } from '../rule.ts';
import { findingAt, nameOf, selected } from './context.ts';
import type { Check } from './context.ts';

type Fields = Readonly<Record<string, readonly string[] | undefined>>;

/** An ALLOW rule whose every request some DENY rule denies too, on every workload it holds on. */
export const deniedAnyway: Check = (context) => {
  const enforced = context.system.authorizationPolicies.filter((policy) => !policyOf({ resource: policy, at: {} }).dryRun);
  const denies = enforced
    .filter(({ spec }) => spec.action === 'DENY')
    .map((policy) => ({ policy, on: new Set(selected(context, policy).map(({ id }) => id)) }));
  if (denies.length === 0) return [];
  return enforced.flatMap((allow) => {
    if (allow.spec.action !== 'ALLOW') return [];
    const on = selected(context, allow);
    const everywhere = denies.filter((deny) => on.length > 0 && on.every(({ id }) => deny.on.has(id)));
    return (allow.spec.rules ?? []).flatMap((rule, index) =>
      report(
        allow,
        rule,
        index,
        everywhere.map(({ policy }) => policy),
      ),
    );
  });
};

function report(
  allow: AuthorizationPolicy,
  rule: AuthorizationRule,
  index: number,
  denies: readonly AuthorizationPolicy[],
): Finding[] {
  for (const deny of denies) {
    const denyIndex = (deny.spec.rules ?? []).findIndex((one) => covers(one, rule));
    if (denyIndex < 0) continue;
    return [
      findingAt(allow, ['spec', 'rules', index], {
        code: 'policy.denied-anyway',
        severity: 'medium',
        title: `rule ${index} of \`${nameOf(allow)}\` allows nothing: \`${nameOf(deny)}\` denies all of it`,
        message: `DENY comes before ALLOW, and rule ${denyIndex} of \`${nameOf(deny)}\` matches every request that this rule would allow`,
        fix: { text: `narrow rule ${denyIndex} of \`${nameOf(deny)}\`, or remove this rule` },
        detail: `${nameOf(deny)} ${denyIndex}`,
      }),
    ];
  }
  return [];
}

/** Whether every request that `narrow` matches is matched by `wide`; may say no where it is so, never yes where it is not. */
export function covers(wide: AuthorizationRule, narrow: AuthorizationRule): boolean {
  if ((wide.when ?? []).length > 0) return false;
  const sources = (rule: AuthorizationRule): Fields[] => (rule.from ?? []).map(({ source }) => source as Fields);
  const operations = (rule: AuthorizationRule): Fields[] => (rule.to ?? []).map(({ operation }) => operation as Fields);
  return sideCovers(sources(wide), sources(narrow)) && sideCovers(operations(wide), operations(narrow));
}

function sideCovers(wide: readonly Fields[], narrow: readonly Fields[]): boolean {
  if (wide.length === 0) return true;
  return narrow.length > 0 && narrow.every((item) => wide.some((other) => itemCovers(other, item)));
}

function itemCovers(wide: Fields, narrow: Fields): boolean {
  return Object.entries(wide).every(([field, values]) => {
    if (values === undefined) return true;
    // What the wide rule excludes might be part of the narrow one; only an equal or smaller exclusion is safe.
    if (field.startsWith('not')) return values.every((value) => narrow[field]?.includes(value) === true);
    const wanted = narrow[field];
    return (
      wanted !== undefined &&
      wanted.length > 0 &&
      wanted.every((value) => values.some((pattern) => pattern === value || patternCovers(field, pattern, value)))
    );
  });
}

/** Fields whose values are plain string rules; others are compared as text. */
const STRING_FIELDS = new Set(['principals', 'methods', 'paths']);

function patternCovers(field: string, pattern: string, value: string): boolean {
  if (!STRING_FIELDS.has(field) || pattern.includes('{') || value.includes('{')) return false;
  const wide = parseStringRule(pattern);
  const narrow = parseStringRule(value);
  if (wide.kind === 'presence') return true;
  if (wide.kind === 'exact') return false;
  return sameDirection(wide, narrow) && stringTest(wide)(narrow.text);
}

/** A longer prefix lies inside a shorter one, a longer suffix likewise; exact texts lie in either. */
function sameDirection(wide: StringRule, narrow: StringRule): boolean {
  return narrow.kind === 'exact' || narrow.kind === wide.kind;
}

/** Fields that want a value and exclude it at the same time. */
export const contradictions: Check = ({ system }) =>
  system.authorizationPolicies.flatMap((policy) =>
    (policy.spec.rules ?? []).flatMap((rule, index) => {
      const items = [
        ...(rule.from ?? []).map(({ source }, i) => ({ fields: source as Fields, path: ['from', i, 'source'] })),
        ...(rule.to ?? []).map(({ operation }, i) => ({ fields: operation as Fields, path: ['to', i, 'operation'] })),
      ];
      return items.flatMap(({ fields, path }) =>
        Object.entries(fields).flatMap(([field, values]): Finding[] => {
          const excluded = fields[`not${field.charAt(0).toUpperCase()}${field.slice(1)}`];
          if (!values?.length || !excluded || !values.every((value) => excluded.includes(value) || excluded.includes('*')))
            return [];
          return [
            findingAt(policy, ['spec', 'rules', index, ...path, field], {
              code: 'policy.never-matches',
              severity: policy.spec.action === 'ALLOW' ? 'medium' : 'high',
              title: `\`${field}\` in rule ${index} of \`${nameOf(policy)}\` names only what the rule excludes`,
              message: `every value of \`${field}\` is also in its \`not…\` list, so this part of the rule never matches`,
            }),
          ];
        }),
      );
    }),
  );
