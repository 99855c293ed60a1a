// Hits of roles: one per role and power, judged by who holds it and how far it goes.
import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import { listText } from '#policy/lint/context.ts';
import { rbacOf } from '../../rbac/permissions.ts';
import type { Rbac } from '../../rbac/permissions.ts';
import type { Binding, Subject } from '../../rbac/bindings.ts';
import type { EffectiveRole, PlacedRule } from '../../rbac/roles.ts';
import { writtenRules } from '../../rbac/roles.ts';
import type { Hit, ScanContext } from '../../rule.ts';

export const RBAC_GOOD_PRACTICE = 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/';

export interface Power {
  /** What a rule lets its holder do, after `lets … `: `read every secret`; undefined when the rule does not. */
  can(rule: PlacedRule, role: EffectiveRole): string | undefined;
  /** When it holds in the whole cluster. */
  readonly severity: FindingSeverity;
  /** When it holds in single namespaces only. */
  readonly inNamespace: FindingSeverity;
  /** Severity of one hit where verbs decide. */
  readonly severityOf?: (rule: PlacedRule) => FindingSeverity | undefined;
}

/** Everything on everything: told once, as a wildcard. */
export function isEverything({ verbs, apiGroups, resources, resourceNames }: PlacedRule): boolean {
  return verbs.includes('*') && apiGroups.includes('*') && resources.includes('*') && resourceNames.length === 0;
}

const everything = new WeakMap<EffectiveRole, boolean>();

/** Whether one of a role's rules is everything; asked once a role, however many are bound to it. */
export function givesEverything(role: EffectiveRole | undefined): boolean {
  if (!role) return false;
  let known = everything.get(role);
  if (known === undefined) everything.set(role, (known = role.rules.some(isEverything)));
  return known;
}

/** Places beside the first that a hit names, and words that its title joins. */
const SHOWN_MAX = 10;

/** Roles of Kubernetes itself are not the user's to change. */
export function isOwnRole({ resource, name }: EffectiveRole): boolean {
  return (
    resource !== undefined &&
    !name.startsWith('system:') &&
    resource.metadata.labels['kubernetes.io/bootstrapping'] !== 'rbac-defaults'
  );
}

/** Each role with the power, at the first rule that gives it. */
export function* roleHits({ system }: ScanContext, power: Power): Generator<Hit> {
  const rbac = rbacOf(system);
  for (const role of rbac.roles.all) {
    if (!isOwnRole(role) || !role.resource) continue;
    const found = writtenRules(role.resource).flatMap((rule) => {
      const what = isEverything(rule) ? undefined : power.can(rule, role);
      return what === undefined ? [] : [{ rule, what }];
    });
    const [first, ...others] = found;
    if (!first?.rule.place) continue;
    const held = holdersOf(rbac, role);
    const base = found.map(({ rule }) => power.severityOf?.(rule)).find((each) => each !== undefined) ?? power.severity;
    const severity = held.holders.length === 0 ? 'low' : held.wide ? base : weaker(base, power.inNamespace);
    yield {
      title: `${role.kind} \`${role.name}\` lets ${holderText(held)} ${[...new Set(found.map(({ what }) => what))].slice(0, SHOWN_MAX).join(' and ')}${scopeText(held)}`,
      severity,
      at: { resource: role.resource, path: first.rule.place.path },
      related: [
        ...others.slice(0, SHOWN_MAX).flatMap(({ rule, what }) => related(rule.place, what)),
        ...held.holders
          .slice(0, SHOWN_MAX)
          .flatMap(({ binding, subject }) => related({ resource: binding.resource, path: subject.path }, 'bound here')),
      ],
    };
  }
}

function related(place: PlacedRule['place'], message: string): NonNullable<Hit['related']> {
  const location = place && originOf(place.resource, place.path);
  return location ? [{ location, message }] : [];
}

function weaker(a: FindingSeverity, b: FindingSeverity): FindingSeverity {
  const order: readonly FindingSeverity[] = ['info', 'low', 'medium', 'high', 'critical'];
  return order[Math.min(order.indexOf(a), order.indexOf(b))] ?? 'low';
}

export interface Held {
  readonly holders: readonly { readonly binding: Binding; readonly subject: Subject }[];
  /** Whether someone holds it in the whole cluster. */
  readonly wide: boolean;
  /** The holders as `subjectText` has them, each once. */
  readonly names: readonly string[];
  /** Where they hold it, each once; '' for the whole cluster. */
  readonly namespaces: readonly string[];
}

const heldBy = new WeakMap<readonly Binding[], Held>();

/** Who holds a role, directly or by a ClusterRole that takes it in; worked out once for the roles that the same bindings give. */
export function holdersOf({ bindingsTo }: Rbac, role: EffectiveRole): Held {
  const holding = role.resource ? bindingsTo(role.resource) : [];
  let held = heldBy.get(holding);
  if (!held) {
    const holders = holding.flatMap((binding) => binding.subjects.map((subject) => ({ binding, subject })));
    held = {
      holders,
      wide: holders.some(({ binding }) => binding.namespace === undefined),
      names: [...new Set(holders.map(({ subject }) => subjectText(subject)))],
      namespaces: [...new Set(holders.map(({ binding }) => binding.namespace ?? ''))],
    };
    heldBy.set(holding, held);
  }
  return held;
}

/** `` ServiceAccount `shop/cart` `` */
export function subjectText(subject: Subject): string {
  return subject.kind === 'ServiceAccount'
    ? `ServiceAccount \`${subject.namespace}/${subject.name}\``
    : `${subject.kind} \`${subject.name}\``;
}

function holderText({ names }: Held): string {
  if (names.length === 0) return 'whoever is bound to it';
  return names.length > 2 ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more` : names.join(' and ');
}

function scopeText({ holders, wide, namespaces }: Held): string {
  if (holders.length === 0) return ' (no binding among the files)';
  if (wide) return ' in the whole cluster';
  return ` in ${listText(namespaces)}`;
}
