// Who reaches whom at the network: NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy, exactly.
import type { Connections, ConnectionTable } from './connections.ts';
import { hasPort } from './connections.ts';
import type { Interval } from './address.ts';
import type { Transport } from './face.ts';
import { Matcher } from './matching.ts';
import type { CompiledRule, Endpoint } from './matching.ts';
import type { Direction, Policy } from './policy.ts';

/** The policies that hold one endpoint in one direction. */
export interface Side {
  readonly admin: readonly CompiledRule[];
  /** Undefined: no NetworkPolicy isolates it. */
  readonly namespace: readonly CompiledRule[] | undefined;
  readonly baseline: readonly CompiledRule[];
  readonly isolating: readonly Policy[];
}

/** One step on the way to an answer about one port. */
export type Step =
  | { readonly step: 'rule'; readonly rule: CompiledRule }
  /** Selected by these policies, none of whose rules lets it through. */
  | { readonly step: 'isolated'; readonly by: readonly Policy[] }
  /** Nothing speaks of it: Kubernetes allows. */
  | { readonly step: 'default' };

/**
 * Answers for pairs of peers, by index: endpoints as given, then the intervals of addresses (`atoms`).
 * Endpoints that no policy tells apart share their answers, so all pairs of a thousand workloads cost what their classes do.
 */
export class Kernel {
  readonly endpoints: readonly Endpoint[];
  readonly atoms: readonly Interval[];
  readonly table: ConnectionTable;
  readonly #matcher: Matcher;
  readonly #sides: Readonly<Record<Direction, readonly Side[]>>;
  readonly #sideOf: Readonly<Record<Direction, Int32Array>>;
  readonly #portNames: Int32Array;
  readonly #classes: Int32Array;
  readonly #answers: Readonly<Record<Direction, (Connections | undefined)[][]>> = { ingress: [], egress: [] };

  constructor(endpoints: readonly Endpoint[], policies: readonly Policy[], cautious = false) {
    this.#matcher = new Matcher(endpoints, policies, cautious);
    this.endpoints = endpoints;
    this.atoms = this.#matcher.atoms;
    this.table = this.#matcher.table;
    this.#portNames = portNames(endpoints, this.#matcher.size);
    const ordered = policies.toSorted(byPrecedence);
    const subjects = ordered.map((policy) => this.#matcher.subjects(policy));
    const compiled: CompiledRule[] = [];
    const build = (direction: Direction): { sides: Side[]; of: Int32Array } =>
      this.#build(direction, ordered, subjects, compiled);
    const [ingress, egress] = [build('ingress'), build('egress')];
    this.#sides = { ingress: ingress.sides, egress: egress.sides };
    this.#sideOf = { ingress: ingress.of, egress: egress.of };
    const names = compiled.some(({ ports }) => ports.named.length > 0);
    this.#classes = classify(this.#matcher.size, compiled, names ? this.#portNames : undefined);
  }

  /** What packets of `from` reach at `to`. Of an endpoint to itself: what its policies say of two pods of it. */
  connections(from: number, to: number): Connections {
    const out = from < this.endpoints.length ? this.#side('egress', from, to) : this.table.everything;
    if (out === this.table.none) return out;
    const into = to < this.endpoints.length ? this.#side('ingress', to, from) : this.table.everything;
    return this.table.intersect(out, into);
  }

  /** Whether any policy holds the endpoint in this direction. */
  isHeld(direction: Direction, subject: number): boolean {
    const { admin, namespace, baseline } = this.#sides[direction][this.#sideOf[direction][subject]!]!;
    return namespace !== undefined || admin.length > 0 || baseline.length > 0;
  }

  /** The policies that hold one endpoint. */
  side(direction: Direction, subject: number): Side {
    return this.#sides[direction][this.#sideOf[direction][subject]!]!;
  }

  /** How one side decides about one port, in order; the last step decides. */
  trace(direction: Direction, subject: number, peer: number, transport: Transport, port: number): readonly Step[] {
    const side = this.#sides[direction][this.#sideOf[direction][subject]!]!;
    const applies = (rule: CompiledRule): boolean =>
      (rule.matches === undefined || rule.matches[peer] === 1) &&
      hasPort(this.#resolve(rule, direction === 'ingress' ? subject : peer), transport, port);
    const steps: Step[] = [];
    const admin = side.admin.find(applies);
    if (admin) steps.push({ step: 'rule', rule: admin });
    if (admin && admin.rule.action !== 'pass') return steps;
    if (side.namespace) {
      const allowing = side.namespace.filter(applies);
      if (allowing.length === 0) return [...steps, { step: 'isolated', by: side.isolating }];
      return [...steps, ...allowing.map((rule): Step => ({ step: 'rule', rule }))];
    }
    const baseline = side.baseline.find((rule) => applies(rule));
    if (baseline) steps.push({ step: 'rule', rule: baseline });
    return baseline && baseline.rule.action !== 'pass' ? steps : [...steps, { step: 'default' }];
  }

  #side(direction: Direction, subject: number, peer: number): Connections {
    const index = this.#sideOf[direction][subject]!;
    const side = this.#sides[direction][index]!;
    if (side.namespace === undefined && side.admin.length === 0 && side.baseline.length === 0) return this.table.everything;
    const row = (this.#answers[direction][index] ??= []);
    const at = this.#classes[peer]!;
    return (row[at] ??= this.#evaluate(side, peer, direction === 'ingress' ? subject : peer));
  }

  #evaluate({ admin, namespace, baseline }: Side, peer: number, destination: number): Connections {
    const { table } = this;
    let open = table.everything;
    let allowed = table.none;
    const inOrder = (rules: readonly CompiledRule[]): Connections => {
      let passed = table.none;
      for (const rule of rules) {
        if (rule.matches !== undefined && rule.matches[peer] !== 1) continue;
        const caught = table.intersect(open, this.#resolve(rule, destination));
        if (rule.rule.action === 'allow') allowed = table.union(allowed, caught);
        else if (rule.rule.action === 'pass') passed = table.union(passed, caught);
        open = table.subtract(open, caught);
        if (open === table.none) break;
      }
      return table.union(open, passed);
    };
    open = inOrder(admin);
    if (open === table.none) return allowed;
    if (namespace === undefined) return table.union(inOrder(baseline), allowed);
    let through = table.none;
    for (const rule of namespace) {
      if (rule.matches === undefined || rule.matches[peer] === 1)
        through = table.union(through, this.#resolve(rule, destination));
    }
    return table.union(allowed, table.intersect(open, through));
  }

  #resolve({ ports }: CompiledRule, destination: number): Connections {
    if (ports.named.length === 0) return ports.fixed;
    const declared = this.endpoints[destination]?.ports ?? [];
    const found = declared.filter((port) =>
      ports.named.some(({ name, transport }) => name === port.name && (transport === undefined || transport === port.transport)),
    );
    if (found.length === 0) return ports.fixed;
    const named = this.table.of(found.map(({ port, transport }) => ({ transport, first: port, last: port })));
    return this.table.union(ports.fixed, named);
  }

  #build(
    direction: Direction,
    policies: readonly Policy[],
    subjects: readonly (readonly number[])[],
    compiled: CompiledRule[],
  ): { sides: Side[]; of: Int32Array } {
    const holding: number[][] = this.endpoints.map(() => []);
    const rules = policies.map((policy, p) => {
      const written = policy[direction];
      if (written === undefined || subjects[p]!.length === 0) return [];
      for (const i of subjects[p]!) holding[i]!.push(p);
      const own = written.map((rule) => this.#matcher.compile(policy, rule));
      compiled.push(...own);
      return own;
    });
    const sides: Side[] = [];
    const known = new Map<string, number>();
    const of = new Int32Array(this.endpoints.length);
    holding.forEach((held, i) => {
      const inTier = (tier: Policy['tier']): CompiledRule[] =>
        held.filter((p) => policies[p]!.tier === tier).flatMap((p) => rules[p]!);
      const named = direction === 'ingress' && held.some((p) => rules[p]!.some(({ ports }) => ports.named.length > 0));
      const key = `${held.join()}${named ? `;${this.#portNames[i]}` : ''}`;
      let at = known.get(key);
      if (at === undefined) {
        at = sides.length;
        known.set(key, at);
        const isolating = held.map((p) => policies[p]!).filter(({ tier }) => tier === 'namespace');
        const namespace = isolating.length > 0 ? inTier('namespace') : undefined;
        sides.push({ admin: inTier('admin'), namespace, baseline: inTier('baseline'), isolating });
      }
      of[i] = at;
    });
    return { sides, of };
  }
}

/** Lower priority first; equal ones by name, since the standard leaves their order open. */
function byPrecedence(a: Policy, b: Policy): number {
  const [left, right] = [a.resource.metadata.name, b.resource.metadata.name];
  return a.priority - b.priority || (left < right ? -1 : left > right ? 1 : 0);
}

/** A number for each distinct set of named ports; 0 for none and for addresses. */
function portNames(endpoints: readonly Endpoint[], size: number): Int32Array {
  const known = new Map<string, number>([['', 0]]);
  const result = new Int32Array(size);
  endpoints.forEach(({ ports }, i) => {
    const key = ports
      .flatMap(({ name, port, transport }) => (name === '' ? [] : [`${name} ${transport} ${port}`]))
      .sort()
      .join();
    const at = known.get(key) ?? known.size;
    known.set(key, at);
    result[i] = at;
  });
  return result;
}

/** Refines one class of all peers by every set that a rule matches, until none is cut by any. */
function classify(size: number, rules: readonly CompiledRule[], names: Int32Array | undefined): Int32Array {
  const classes = new Int32Array(size);
  let count = size > 0 ? 1 : 0;
  const refine = (bitOf: (peer: number) => number): void => {
    const known = new Map<number, number>();
    const before = count;
    for (let i = 0; i < size; i++) {
      const bit = bitOf(i);
      if (bit === 0) continue;
      const key = classes[i]! + bit * before;
      let at = known.get(key);
      if (at === undefined) {
        at = count++;
        known.set(key, at);
      }
      classes[i] = at;
    }
  };
  for (const matches of new Set(rules.map((rule) => rule.matches))) if (matches) refine((i) => matches[i]!);
  if (names) refine((i) => names[i]!);
  return classes;
}
