// What AuthorizationPolicies let through for one caller at one port: all requests, some, or none. The compiled rules themselves are
// asked; what the caller cannot know or choose beforehand (methods, paths, tokens, headers) may match or not.
import type { Attributes } from '#model/decision.ts';
import { originOf } from '#model/origin.ts';
import type { AuthorizationAction } from '#model/istio.ts';
import { resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { policiesFor } from '#plan/select.ts';
import type { PolicyPoint } from '#plan/select.ts';
import type { PolicySet } from '#plan/plan.ts';
import { compileRule, policyOf } from '#policy/rule.ts';
import type { Clause, CompiledRule, Field, PolicyOfRule } from '#policy/rule.ts';
import type { RuleContext } from '#policy/kinds.ts';
import { covers, intervalsOf, overlaps } from './address.ts';
import type { Interval } from './address.ts';
import type { Access, Reason } from './face.ts';

export interface Caller {
  /** SPIFFE id that mutual TLS proves; undefined over plaintext. */
  readonly identity: string | undefined;
  /** Where its address may lie; empty when nothing is known. */
  readonly addresses: readonly Interval[];
  /** Whether it may have a token that the target trusts. */
  readonly token: 'none' | 'any';
}

export interface Verdict {
  readonly requests: Access['requests'];
  readonly reasons: readonly Reason[];
  /** An external authorizer is asked about some requests. */
  readonly external: boolean;
}

type Layer = RuleContext['layer'];
/** Whether something matches: never, for some requests, always. */
type Match = 0 | 1 | 2;

interface CompiledPolicy {
  readonly policy: PolicyOfRule;
  readonly rules: readonly CompiledRule[];
}

interface Compiled {
  readonly set: PolicySet;
  readonly policies: readonly PolicyOfRule[];
  readonly rules: Readonly<Record<AuthorizationAction, readonly CompiledRule[]>>;
  /** Issuers exist whose tokens can be verified here. */
  readonly tokens: boolean;
  /** A token is demanded of every request. */
  readonly presence: readonly PolicySet['requestAuthentication'][number][];
}

/** Answers for enforcement points; policies are compiled once a point and layer. */
export class RequestJudge {
  readonly #system: System;
  readonly #compiled = new Map<string, Compiled>();
  /** One policy is in force at many points. */
  readonly #policies = new Map<Resource, Map<Layer, CompiledPolicy>>();

  constructor(system: System) {
    this.#system = system;
  }

  /** @param key names the point @param port workload port (listener port of a gateway) */
  judge(key: string, point: PolicyPoint, layer: Layer, port: number, caller: Caller): Verdict {
    const compiled = this.#compile(key, point, layer);
    const { rules } = compiled;
    const known: Caller = compiled.tokens ? caller : { ...caller, token: 'none' };
    const probe = probeOf(known, port, layer);
    const matches = (rule: CompiledRule): Match => ruleMatch(rule, known, probe);
    const reasons: Reason[] = [];
    let verdict: Access['requests'] = 'all';
    const limit = (to: Access['requests']): void => {
      if (verdict === 'all' || to === 'none') verdict = to;
    };
    const custom = rules.CUSTOM.filter((rule) => matches(rule) > 0);
    for (const rule of custom) {
      reasons.push(ruleReason(rule, false, 'asks an external authorizer'));
      limit('some');
    }
    const denying = rules.DENY.find((rule) => matches(rule) === 2);
    if (denying) {
      return { requests: 'none', reasons: [...reasons, ruleReason(denying, false, 'denies')], external: custom.length > 0 };
    }
    for (const rule of rules.DENY.filter((each) => matches(each) === 1)) {
      reasons.push(ruleReason(rule, false, 'denies some requests'));
      limit('some');
    }
    if (layer !== 'tcp') {
      for (const placed of compiled.presence) {
        const location = originOf(placed.resource);
        reasons.push({
          allows: false,
          text: `${resourceId(placed.resource)} demands a token`,
          resource: placed.resource,
          ...(location && { location }),
        });
        limit(known.token === 'none' ? 'none' : 'some');
      }
    }
    const allowPolicies = compiled.policies.filter(({ action, dryRun }) => action === 'ALLOW' && !dryRun);
    if (allowPolicies.length > 0) {
      const always = rules.ALLOW.find((rule) => matches(rule) === 2);
      const sometimes = always ? [] : rules.ALLOW.filter((rule) => matches(rule) === 1);
      if (always) reasons.push(ruleReason(always, true, 'allows all requests'));
      for (const rule of sometimes) reasons.push(ruleReason(rule, true, 'allows some requests'));
      if (!always && sometimes.length === 0) for (const policy of allowPolicies) reasons.push(noMatch(policy));
      if (!always) limit(sometimes.length > 0 ? 'some' : 'none');
    }
    return { requests: verdict, reasons, external: custom.length > 0 };
  }

  /** Whether any policy is in force at a point. */
  isGuarded(key: string, point: PolicyPoint, layer: Layer): boolean {
    return this.#compile(key, point, layer).policies.length > 0;
  }

  #compile(key: string, point: PolicyPoint, layer: Layer): Compiled {
    const id = `${layer} ${key}`;
    let found = this.#compiled.get(id);
    if (!found) {
      const set = policiesFor(this.#system, point);
      found = compile(
        set,
        set.authorization.map((placed) => this.#policy(placed, layer)),
      );
      this.#compiled.set(id, found);
    }
    return found;
  }

  #policy(placed: PolicySet['authorization'][number], layer: Layer): CompiledPolicy {
    const known = this.#policies.get(placed.resource) ?? new Map<Layer, CompiledPolicy>();
    this.#policies.set(placed.resource, known);
    const found = known.get(layer) ?? compilePolicy(placed, this.#system, layer);
    known.set(layer, found);
    return found;
  }
}

function compilePolicy(placed: PolicySet['authorization'][number], { mesh }: System, layer: Layer): CompiledPolicy {
  const policy = policyOf(placed);
  const { action } = policy;
  if (policy.dryRun || (layer === 'ambient' && action === 'CUSTOM')) return { policy, rules: [] };
  const trustDomains = [mesh.trustDomain, ...mesh.trustDomainAliases];
  const context = { action, policyNamespace: placed.resource.metadata.namespace, trustDomains, layer };
  return {
    policy,
    rules: (placed.resource.spec.rules ?? []).flatMap((rule, index) => compileRule(policy, index, rule, context, []) ?? []),
  };
}

/** @param all of `set`, in its order */
function compile(set: PolicySet, all: readonly CompiledPolicy[]): Compiled {
  const policies = all.map(({ policy }) => policy);
  const of = (action: AuthorizationAction): readonly CompiledRule[] =>
    all.flatMap(({ policy, rules }) => (policy.action === action ? rules : []));
  const jwtRules = set.requestAuthentication.flatMap((placed) =>
    (placed.resource.spec.jwtRules ?? []).map((rule) => ({ placed, rule })),
  );
  return {
    set,
    policies,
    rules: { ALLOW: of('ALLOW'), DENY: of('DENY'), AUDIT: [], CUSTOM: of('CUSTOM') },
    tokens: jwtRules.length > 0,
    presence: [...new Set(jwtRules.filter(({ rule }) => rule.presence === 'REQUIRED').map(({ placed }) => placed))],
  };
}

function probeOf(caller: Caller, port: number, layer: Layer): Attributes {
  return {
    protocol: layer === 'http' ? 'http' : 'tcp',
    sourceIdentity: caller.identity,
    sourceIp: '',
    remoteIp: '',
    destinationIp: '',
    destinationPort: port,
    sni: '',
    method: '',
    path: '',
    host: '',
    header: () => undefined,
    headerValues: () => [],
    auth: undefined,
  };
}

function ruleMatch(rule: CompiledRule, caller: Caller, probe: Attributes): Match {
  const clause = (fields: Clause): Match => all(fields.map((field) => fieldMatch(field, caller, probe)));
  const some = (clauses: readonly Clause[]): Match => (clauses.length === 0 ? 2 : any(clauses.map(clause)));
  return all([some(rule.from), some(rule.to), clause(rule.when)]);
}

function all(matches: readonly Match[]): Match {
  return matches.includes(0) ? 0 : matches.includes(1) ? 1 : 2;
}

function any(matches: readonly Match[]): Match {
  return matches.includes(2) ? 2 : matches.includes(1) ? 1 : 0;
}

/** Values that take in every method, path or host. */
const EVERY = new Set(['*', '/*', '/**']);

function fieldMatch(field: Field, caller: Caller, probe: Attributes): Match {
  const { kind, negated, values } = field;
  const flip = (match: Match): Match => (negated ? ((2 - match) as Match) : match);
  if (kind.dimension === 'identity' || kind.dimension === 'port' || kind.label === 'trust domain')
    return field.test(probe) ? 2 : 0;
  if (kind.token === true) return caller.token === 'none' ? (field.test(probe) ? 2 : 0) : 1;
  if (kind.label === 'source address' || kind.label === 'client address') {
    const ranges = intervalsOf(values);
    if (caller.addresses.length === 0) return 1;
    return flip(covers(ranges, caller.addresses) ? 2 : overlaps(ranges, caller.addresses) ? 1 : 0);
  }
  const total = kind.dimension === 'path' || kind.dimension === 'method' || kind.dimension === 'host';
  return total && values.some((value) => EVERY.has(value)) ? flip(2) : 1;
}

function ruleReason({ policy, index }: CompiledRule, allows: boolean, does: string): Reason {
  const { resource } = policy.placed;
  const location = originOf(resource, ['spec', 'rules', index]) ?? originOf(resource);
  return {
    allows,
    text: `${resourceId(resource)} rule ${index + 1} ${does}`,
    resource,
    ...(location && { location }),
  };
}

function noMatch({ placed }: PolicyOfRule): Reason {
  const { resource } = placed;
  const location = originOf(resource);
  return { allows: false, text: `no rule of ${resourceId(resource)} allows it`, resource, ...(location && { location }) };
}
