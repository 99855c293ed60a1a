// One rule of a policy, compiled: from AND to AND when, each an OR of ANDs (Istio rule algebra).
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationAction, AuthorizationCondition, AuthorizationPolicy, AuthorizationRule } from '#model/istio.ts';
import { formatPath } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import { placeOf } from '#plan/select.ts';
import type { Placed } from '#plan/plan.ts';
import { conditionKind, OPERATION_FIELDS, SOURCE_FIELDS } from './kinds.ts';
import type { Dimension, Kind, RuleContext } from './kinds.ts';
import type { AttributeTest } from './headers.ts';
import { allTests, anyTest } from './strings.ts';

/** One field with its values: `from[0].source.principals`. */
export interface Field {
  readonly path: Path;
  /** The path below the rule, as text. */
  readonly name: string;
  readonly kind: Kind;
  readonly negated: boolean;
  /** As written. */
  readonly wanted: readonly string[];
  /** Those that could be honoured. */
  readonly values: readonly string[];
  /** `file:line:column` */
  readonly at: string;
  /** Whether the field is satisfied, negation included. */
  readonly test: AttributeTest;
}

export type Clause = readonly Field[];

export interface PolicyOfRule {
  readonly placed: Placed<AuthorizationPolicy>;
  /** `namespace/name` */
  readonly name: string;
  readonly action: AuthorizationAction;
  readonly dryRun: boolean;
}

/** What a rule keeps of its policy. Dry-run exists for ALLOW and DENY alone; elsewhere the annotation changes nothing. */
export function policyOf(placed: Placed<AuthorizationPolicy>): PolicyOfRule {
  const { metadata, spec } = placed.resource;
  const dryRun = isTrue(metadata.annotations['istio.io/dry-run']) && (spec.action === 'ALLOW' || spec.action === 'DENY');
  return { placed, name: `${metadata.namespace}/${metadata.name}`, action: spec.action, dryRun };
}

/** As Istio reads the annotation; anything else enforces. */
function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);
}

export interface CompiledRule {
  readonly policy: PolicyOfRule;
  /** Index into spec.rules. */
  readonly index: number;
  /** No clause: any. */
  readonly from: readonly Clause[];
  readonly to: readonly Clause[];
  readonly when: Clause;
  readonly test: AttributeTest;
}

/** A value or field that could not be honoured, and what that did to its rule. */
export interface Refusal {
  readonly policy: PolicyOfRule;
  readonly index: number;
  readonly path: Path;
  readonly name: string;
  readonly value: string;
  readonly reason: string;
  /** `rule`: it never matches. `field`: it stands without this value or field. */
  readonly dropped: 'rule' | 'field';
  /** False for what is the ordinary course of things: HTTP fields on TCP. */
  readonly mistake: boolean;
}

/** Cheap and selective fields first; the order of ANDs does not change the answer. */
const COST: Readonly<Record<Dimension, number>> = { port: 0, method: 1, identity: 2, path: 3, host: 4, other: 5 };

/**
 * Compiles rule `index` of a policy.
 * @returns the rule, or undefined when it can never match; `refusals` collects why. In an ALLOW rule one refused value drops the
 * whole rule (it allows less); elsewhere it drops only that value (it denies or checks more). In ambient mode a DENY rule whose
 * remaining match is empty never fires, as in ztunnel.
 */
export function compileRule(
  policy: PolicyOfRule,
  index: number,
  rule: AuthorizationRule,
  context: RuleContext,
  refusals: Refusal[],
): CompiledRule | undefined {
  const compiler = new RuleCompiler(policy, index, context, refusals);
  const base: Path = ['spec', 'rules', index];
  const from = (rule.from ?? []).map(({ source }, i) =>
    compiler.clause([...base, 'from', i, 'source'], source ?? {}, SOURCE_FIELDS),
  );
  const to = (rule.to ?? []).map(({ operation }, i) =>
    compiler.clause([...base, 'to', i, 'operation'], operation ?? {}, OPERATION_FIELDS),
  );
  const when = (rule.when ?? []).map((condition, i) => compiler.condition([...base, 'when', i], condition));
  if (compiler.ruleDropped) return undefined;
  if (context.layer === 'ambient') {
    // ztunnel: an empty match matches nothing.
    const [someFrom, someTo] = [from, to].map((clauses) => clauses.filter((clause) => clause.length > 0)) as [Clause[], Clause[]];
    if ((from.length > 0 && someFrom.length === 0) || (to.length > 0 && someTo.length === 0)) return undefined;
    if (when.some((clause) => clause.length === 0)) return undefined;
    return assemble(policy, index, someFrom, someTo, when.flat());
  }
  return assemble(policy, index, from, to, when.flat());
}

function assemble(
  policy: PolicyOfRule,
  index: number,
  from: readonly Clause[],
  to: readonly Clause[],
  when: Clause,
): CompiledRule {
  const parts: { cost: number; test: AttributeTest }[] = [];
  for (const clauses of [to, from]) {
    // A clause without fields is satisfied by anything, and so is the OR that holds it.
    if (clauses.length === 0 || clauses.some((clause) => clause.length === 0)) continue;
    parts.push({ cost: Math.max(...clauses.flat().map(costOf)), test: anyTest(clauses.map(clauseTest)) });
  }
  if (when.length > 0) parts.push({ cost: 9, test: clauseTest(when) });
  parts.sort((a, b) => a.cost - b.cost);
  return { policy, index, from, to, when, test: allTests(parts.map((part) => part.test)) };
}

function costOf(field: Field): number {
  return COST[field.kind.dimension];
}

function clauseTest(clause: Clause): AttributeTest {
  return allTests([...clause].sort((a, b) => costOf(a) - costOf(b)).map((field) => field.test));
}

class RuleCompiler {
  readonly #policy: PolicyOfRule;
  readonly #index: number;
  readonly #context: RuleContext;
  readonly #refusals: Refusal[];
  ruleDropped = false;

  constructor(policy: PolicyOfRule, index: number, context: RuleContext, refusals: Refusal[]) {
    this.#policy = policy;
    this.#index = index;
    this.#context = context;
    this.#refusals = refusals;
  }

  clause<F extends string>(
    path: Path,
    written: Readonly<Partial<Record<F, readonly string[] | undefined>>>,
    table: readonly (readonly [F, F, Kind])[],
  ): Clause {
    return table.flatMap(([field, negation, kind]) => [
      ...this.#field([...path, field], kind, written[field], false),
      ...this.#field([...path, negation], kind, written[negation], true),
    ]);
  }

  condition(path: Path, { key, values, notValues }: AuthorizationCondition): Clause {
    const kind = conditionKind(key);
    if ('refused' in kind) {
      this.#refuse([...path, 'key'], key, kind.refused, true);
      return [];
    }
    return [
      ...this.#field([...path, 'values'], kind, values, false),
      ...this.#field([...path, 'notValues'], kind, notValues, true),
    ];
  }

  #field(path: Path, kind: Kind, wanted: readonly string[] | undefined, negated: boolean): Field[] {
    if (wanted === undefined || wanted.length === 0) return [];
    const { layer, action } = this.#context;
    if (layer === 'tcp' && kind.layer === 'l7') return this.#refuse(path, '', 'HTTP fields do not exist on a TCP port', false);
    if (layer === 'ambient' && !kind.ztunnel)
      return this.#refuse(path, '', 'ztunnel does not look at this; it needs a waypoint', false);
    if (action === 'CUSTOM' && kind.token)
      return this.#refuse(path, '', 'external authorization runs before tokens are verified', true);
    const values = wanted.filter((value) => {
      const reason = kind.refuse(value);
      if (reason !== undefined) this.#refuse(path, value, reason, true);
      return reason === undefined;
    });
    if (values.length === 0) return [];
    const test = kind.build(values, negated, this.#context);
    const { placed } = this.#policy;
    let at: string | undefined;
    return [
      {
        path,
        name: formatPath(path.slice(3)),
        kind,
        negated,
        wanted,
        values,
        // Only reasons name places.
        get at() {
          return (at ??= placeOf(placed, path));
        },
        test,
      },
    ];
  }

  #refuse(path: Path, value: string, reason: string, mistake: boolean): [] {
    const dropsRule = this.#context.action === 'ALLOW' && !(this.#context.layer === 'ambient' && value !== '');
    if (dropsRule) this.ruleDropped = true;
    const dropped = dropsRule ? 'rule' : 'field';
    this.#refusals.push({
      policy: this.#policy,
      index: this.#index,
      path,
      name: formatPath(path.slice(3)),
      value,
      reason,
      dropped,
      mistake,
    });
    return [];
  }
}

/** Whether the part of a rule that depends on one dimension alone can be satisfied; a necessary condition for the rule to match. */
export function mayMatch(rule: CompiledRule, dimension: Dimension, probe: Attributes): boolean {
  const holds = (field: Field): boolean => field.kind.dimension !== dimension || field.test(probe);
  const someClause = (clauses: readonly Clause[]): boolean =>
    clauses.length === 0 || clauses.some((clause) => clause.every(holds));
  return someClause(rule.from) && someClause(rule.to) && rule.when.every(holds);
}
