// The counterfactual: which edit of the policies would have let a denied request pass. Every answer is compiled and tried first.
import type { Attributes, SmallestChange } from '#model/decision.ts';
import type { AuthorizationPolicy, MeshConfig } from '#model/istio.ts';
import type { Placed, PolicySet } from '#plan/plan.ts';
import type { PolicyPoint } from '#plan/select.ts';
import type { Denied } from './authorizer.ts';
import { allowEdits } from './change-allow.ts';
import { denyEdits } from './change-deny.ts';
import { compilePolicies } from './compile.ts';
import type { Edit } from './edit.ts';
import { compileRule, policyOf } from './rule.ts';
import type { CompiledRule } from './rule.ts';

/** A request can be denied by several rules; each needs its exception, and an ALLOW policy its rule. */
const STEPS_MAX = 8;

/**
 * The smallest edit of `set` that would have allowed `a`: for a DENY rule an exception, where no ALLOW rule matched the fewest values
 * added to one rule, else a rule of its own. The change has been compiled and asked: with it the request is allowed.
 * @param point where the set is enforced; names the workload in a new policy
 * @returns the change; `yaml` is '' when no edit of these policies alone could do it, and `text` says so
 */
export function smallestChange(set: PolicySet, mesh: MeshConfig, point: PolicyPoint, a: Attributes): SmallestChange {
  let current = set;
  const edits: Edit[] = [];
  for (let step = 0; step < STEPS_MAX; step++) {
    const decision = compilePolicies(current, mesh, point).authorize(a);
    if (decision.allow) return edits.length === 0 ? unchanged() : join(edits);
    const next = findEdit(current, mesh, point, a, decision);
    if (next === undefined) return impossible(decision, a);
    edits.push(next);
    current = next.set;
  }
  return { text: `more than ${STEPS_MAX} edits would be needed`, yaml: '', at: '' };
}

/** The first candidate that takes this denial away: allowed, or at least no longer denied by the same rule. */
function findEdit(set: PolicySet, mesh: MeshConfig, point: PolicyPoint, a: Attributes, denied: Denied): Edit | undefined {
  const rules = set.authorization.flatMap((placed) => enforcedRules(placed, mesh, a));
  if (denied.code === 'rbac.no-allow-match') {
    for (const edit of allowEdits(
      set,
      rules.filter((rule) => rule.policy.action === 'ALLOW'),
      point,
      a,
    )) {
      if (compilePolicies(edit.set, mesh, point).authorize(a).allow) return edit;
    }
    return undefined;
  }
  const [reason] = denied.reasons;
  const rule = rules.find(
    ({ policy, index }) => policy.action === 'DENY' && policy.name === reason?.policy && index === reason.rule,
  );
  if (rule === undefined) return undefined;
  for (const edit of denyEdits(set, rule, a)) {
    const after = compilePolicies(edit.set, mesh, point).authorize(a);
    if (after.allow || after.reasons[0]?.policy !== reason?.policy || after.reasons[0]?.rule !== reason?.rule) return edit;
  }
  return undefined;
}

/** The rules of one policy that can match on this kind of connection. */
function enforcedRules(placed: Placed<AuthorizationPolicy>, mesh: MeshConfig, a: Attributes): CompiledRule[] {
  const { metadata, spec } = placed.resource;
  const policy = policyOf(placed);
  if (policy.dryRun) return [];
  const trustDomains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const context = { action: spec.action, policyNamespace: metadata.namespace, trustDomains, layer: a.protocol };
  return (spec.rules ?? []).flatMap((rule, index) => compileRule(policy, index, rule, context, []) ?? []);
}

function unchanged(): SmallestChange {
  return { text: 'nothing needs to change: the request is allowed', yaml: '', at: '' };
}

function join(edits: readonly Edit[]): SmallestChange {
  return {
    text: edits.map((edit) => edit.text).join('; then '),
    yaml: edits.map((edit) => edit.yaml).join('---\n'),
    at: edits[0]?.at ?? '',
  };
}

function impossible(denied: Denied, a: Attributes): SmallestChange {
  const [reason] = denied.reasons;
  const hint = a.sourceIdentity === undefined ? '; a caller without mutual TLS has no identity that a policy could name' : '';
  return { text: `no edit of the policies alone lets exactly this request pass${hint}`, yaml: '', at: reason?.at ?? '' };
}
