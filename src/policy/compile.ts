// From the policies in force at one point to closures: CUSTOM, AUDIT, DENY, ALLOW (Istio's order and decision table).
import type { Attributes, Reason } from '#model/decision.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { AuthorizationAction, MeshConfig } from '#model/istio.ts';
import type { PolicySet } from '#plan/plan.ts';
import type { Allowed, Authorizer, CustomDecision, Denied } from './authorizer.ts';
import { customStage } from './custom.ts';
import { refusalDiagnostics } from './diagnostics.ts';
import { explainMatch, explainNoAllow } from './denial.ts';
import type { RuleContext } from './kinds.ts';
import { grantPermit } from './permit.ts';
import { policyReason } from './reasons.ts';
import { compileRule, policyOf } from './rule.ts';
import type { CompiledRule, PolicyOfRule, Refusal } from './rule.ts';
import { RuleTable } from './table.ts';

export interface CompileOptions {
  /** Namespace of the enforcement point. */
  readonly namespace: string;
  /** `ambient`: as ztunnel enforces without a waypoint. Default `sidecar`. */
  readonly mode?: 'sidecar' | 'ambient';
}

const NO_REASONS: readonly Reason[] = Object.freeze([]);
const NONE: CustomDecision = Object.freeze({ kind: 'none' });

/**
 * Compiles the policies of one enforcement point.
 * @param set from policiesFor()
 * @example compilePolicies(policiesFor(system, point), system.mesh, { namespace: 'shop' }).authorize(attributes)
 */
export function compilePolicies(set: PolicySet, mesh: MeshConfig, options: CompileOptions): Authorizer {
  const policies = set.authorization.map(policyOf);
  const ambient = options.mode === 'ambient';
  const http = new Stage(policies, mesh, ambient ? 'ambient' : 'http');
  const tcp = ambient ? http : new Stage(policies, mesh, 'tcp');
  return {
    empty: policies.length === 0,
    diagnostics: [...new Set([...http.diagnostics, ...tcp.diagnostics])],
    custom: (a) => (a.protocol === 'tcp' ? tcp : http).custom(a),
    authorize: (a) => (a.protocol === 'tcp' ? tcp : http).authorize(a),
  };
}

/** All policies for one kind of connection. */
class Stage {
  readonly diagnostics: readonly Diagnostic[];
  readonly custom: (a: Attributes) => CustomDecision;
  readonly #deny: RuleTable;
  readonly #allow: RuleTable;
  readonly #allowPolicies: readonly PolicyOfRule[];
  readonly #refusals: readonly Refusal[];
  /** Answers made beforehand, one per ALLOW rule: the allow path hands them out as they are. */
  readonly #allowed: readonly Allowed[];
  readonly #open: Allowed;
  readonly #shadows: readonly ((a: Attributes, into: Reason[]) => void)[];

  constructor(policies: readonly PolicyOfRule[], mesh: MeshConfig, layer: RuleContext['layer']) {
    const refusals: Refusal[] = [];
    const trustDomains = [mesh.trustDomain, ...mesh.trustDomainAliases];
    const compile = (some: readonly PolicyOfRule[]): CompiledRule[] =>
      some.flatMap((policy) =>
        (policy.placed.resource.spec.rules ?? []).flatMap((rule, index) => {
          const context = {
            action: policy.action,
            policyNamespace: policy.placed.resource.metadata.namespace,
            trustDomains,
            layer,
          };
          return compileRule(policy, index, rule, context, refusals) ?? [];
        }),
      );
    const of = (action: AuthorizationAction, dryRun = false): PolicyOfRule[] =>
      policies.filter((policy) => policy.action === action && policy.dryRun === dryRun);
    const ambient = layer === 'ambient';
    this.#allowPolicies = of('ALLOW');
    this.#deny = new RuleTable(compile(of('DENY')));
    this.#allow = new RuleTable(compile(of('ALLOW')));
    this.#refusals = refusals.filter((refusal) => refusal.policy.action === 'ALLOW' && !refusal.policy.dryRun);
    this.#allowed = this.#allow.rules.map((rule) => allowedBy(rule.policy.name, rule.index));
    this.#open = allowedBy('', -1);
    this.custom = ambient ? () => NONE : customStage(of('CUSTOM'), compile, mesh, layer);
    this.#shadows = ambient
      ? []
      : [
          auditShadow(new RuleTable(compile(of('AUDIT')))),
          denyShadow(new RuleTable(compile(of('DENY', true)))),
          allowShadow(of('ALLOW', true), new RuleTable(compile(of('ALLOW', true)))),
        ].filter((shadow) => shadow !== undefined);
    this.diagnostics = refusalDiagnostics(refusals, policies, layer);
  }

  authorize(a: Attributes): Allowed | Denied {
    const shadow = this.#shadows.length === 0 ? NO_REASONS : this.#shadow(a);
    const denied = this.#deny.first(a);
    if (denied >= 0) {
      const reasons = explainMatch(this.#deny.rules[denied] as CompiledRule, a, 'denied');
      return { allow: false, code: 'rbac.denied', reasons, shadow };
    }
    const allowed = this.#allowPolicies.length === 0 ? this.#open : this.#allowed[this.#allow.first(a)];
    if (allowed === undefined) {
      const reasons = explainNoAllow(this.#allowPolicies, this.#allow.rules, this.#refusals, a);
      return { allow: false, code: 'rbac.no-allow-match', reasons, shadow };
    }
    return shadow.length === 0 ? allowed : { ...allowed, shadow };
  }

  #shadow(a: Attributes): readonly Reason[] {
    const reasons: Reason[] = [];
    for (const shadow of this.#shadows) shadow(a, reasons);
    return reasons;
  }
}

function allowedBy(policy: string, rule: number): Allowed {
  return Object.freeze({ allow: true, permit: grantPermit(policy, rule), policy, rule, shadow: NO_REASONS });
}

type Shadow = (a: Attributes, into: Reason[]) => void;

function auditShadow(table: RuleTable): Shadow | undefined {
  if (table.rules.length === 0) return undefined;
  return (a, into) => {
    for (const rule of table.all(a)) into.push(...explainMatch(rule, a, 'audited'));
  };
}

function denyShadow(table: RuleTable): Shadow | undefined {
  if (table.rules.length === 0) return undefined;
  return (a, into) => {
    for (const rule of table.all(a)) into.push(...explainMatch(rule, a, 'dry-run: would be denied'));
  };
}

/** A dry-run ALLOW policy says whether it would allow; without a match it would deny, which is what its author wants to know. */
function allowShadow(policies: readonly PolicyOfRule[], table: RuleTable): Shadow | undefined {
  const [policy] = policies;
  if (policy === undefined) return undefined;
  return (a, into) => {
    const index = table.first(a);
    if (index >= 0) into.push(...explainMatch(table.rules[index] as CompiledRule, a, 'dry-run: would be allowed'));
    else
      into.push(
        policyReason(
          policy,
          -1,
          `dry-run: would be denied, no rule of ${policies.map(({ name }) => `\`${name}\``).join(', ')} allows it`,
        ),
      );
  };
}
