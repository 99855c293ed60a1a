// CUSTOM policies: which external authorizers must allow a request before anything else is asked.
import type { Attributes, Reason } from '#model/decision.ts';
import type { MeshConfig } from '#model/istio.ts';
import type { CustomDecision } from './authorizer.ts';
import { explainMatch } from './denial.ts';
import type { CompiledRule, PolicyOfRule } from './rule.ts';
import { RuleTable } from './table.ts';

const NONE: CustomDecision = Object.freeze({ kind: 'none' });

interface Provider {
  readonly name: string;
  readonly table: RuleTable;
  /** Why matched requests are denied without asking; undefined when the provider can be asked. */
  readonly bad: string | undefined;
}

/**
 * The CUSTOM stage of one kind of connection. A provider that the mesh does not define, and a second provider without
 * `multipleCustomProviders`, deny what they match. An HTTP provider cannot be asked about TCP connections and is passed over there,
 * as Istio does.
 */
export function customStage(
  policies: readonly PolicyOfRule[],
  compile: (policies: readonly PolicyOfRule[]) => CompiledRule[],
  mesh: MeshConfig,
  layer: 'http' | 'tcp' | 'ambient',
): (a: Attributes) => CustomDecision {
  const names = [...new Set(policies.map(providerName))].sort();
  const several = names.length > 1 && !mesh.multipleCustomProviders;
  const providers: Provider[] = [];
  for (const name of names) {
    const known = mesh.extensionProviders.find((provider) => provider.name === name);
    const bad = several
      ? `several external authorizers (${names.map((other) => `\`${other}\``).join(', ')}) on one workload are not enabled`
      : known === undefined
        ? `external authorizer \`${name}\` is not defined in the mesh configuration`
        : undefined;
    if (bad === undefined && layer === 'tcp' && known?.protocol === 'http') continue;
    providers.push({ name, bad, table: new RuleTable(compile(policies.filter((policy) => providerName(policy) === name))) });
  }
  if (providers.length === 0) return () => NONE;
  const single = Object.freeze({ kind: 'check', providers: Object.freeze([providers[0]?.name ?? '']) } as const);
  if (providers.length === 1 && providers[0]?.bad === undefined) {
    const [{ table }] = providers as [Provider];
    return (a) => (table.first(a) < 0 ? NONE : single);
  }
  return (a) => decide(providers, a);
}

function decide(providers: readonly Provider[], a: Attributes): CustomDecision {
  const ask: string[] = [];
  const reasons: Reason[] = [];
  for (const { name, table, bad } of providers) {
    const index = table.first(a);
    if (index < 0) continue;
    if (bad === undefined) ask.push(name);
    else reasons.push(...explainMatch(table.rules[index] as CompiledRule, a, `denied because ${bad}; asked for`));
  }
  if (reasons.length > 0) return { kind: 'deny', reasons };
  return ask.length === 0 ? NONE : { kind: 'check', providers: ask };
}

function providerName(policy: PolicyOfRule): string {
  return policy.placed.resource.spec.provider?.name ?? '';
}
