// All rules of one action at one point, indexed: four bit sets (identity, method, port, path) are ANDed and only what is left is tried.
import type { Attributes } from '#model/decision.ts';
import { isPathTemplate, compilePathTemplate } from './path-template.ts';
import { PrefixTree, setBit } from './prefix-tree.ts';
import type { PathKey } from './prefix-tree.ts';
import { mayMatch } from './rule.ts';
import type { Clause, CompiledRule } from './rule.ts';
import type { Dimension } from './kinds.ts';
import { parseStringRule } from './strings.ts';

/** Below this, trying the rules one by one is faster than the index. */
const LINEAR_MAX = 4;
/** Identities come from verified certificates, so they are few; the bound keeps even a rogue CA from filling memory. */
const IDENTITIES_MAX = 2048;
const COMMON_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

const PROBE: Attributes = {
  protocol: 'http',
  sourceIdentity: undefined,
  sourceIp: '',
  remoteIp: '',
  destinationIp: '',
  destinationPort: -1,
  sni: '',
  method: '',
  path: '',
  host: '',
  header: () => undefined,
  headerValues: () => [],
  auth: undefined,
};

/** Rules in order. `first` gives the index of the first that matches, without allocating. */
export class RuleTable {
  readonly rules: readonly CompiledRule[];
  readonly #index: RuleIndex | undefined;

  constructor(rules: readonly CompiledRule[]) {
    this.rules = rules;
    if (rules.length > LINEAR_MAX) this.#index = new RuleIndex(rules);
  }

  /** @returns index into `rules`, or -1 */
  first(a: Attributes): number {
    if (this.#index) return this.#index.first(a);
    const rules = this.rules;
    for (let i = 0; i < rules.length; i++) if ((rules[i] as CompiledRule).test(a)) return i;
    return -1;
  }

  /** Every rule that matches, in order. */
  all(a: Attributes): CompiledRule[] {
    return this.rules.filter((rule) => rule.test(a));
  }
}

/** It only ever leaves out rules that cannot match: each bit set is computed by asking the rules themselves about one attribute. */
class RuleIndex {
  readonly #rules: readonly CompiledRule[];
  readonly #words: number;
  readonly #all: Int32Array;
  readonly #plaintext: Int32Array;
  readonly #byIdentity = new Map<string, Int32Array>();
  readonly #byMethod: ReadonlyMap<string, Int32Array>;
  readonly #byPort: ReadonlyMap<number, Int32Array>;
  readonly #otherPort: Int32Array;
  readonly #paths: PrefixTree;

  constructor(rules: readonly CompiledRule[]) {
    this.#rules = rules;
    this.#words = Math.ceil(rules.length / 32);
    this.#all = this.#bits(() => true);
    this.#plaintext = this.#probe('identity', PROBE);
    const methods = new Set([...COMMON_METHODS, ...rules.flatMap((rule) => named(rule, 'method'))]);
    this.#byMethod = new Map([...methods].map((method) => [method, this.#probe('method', { ...PROBE, method })]));
    const ports = new Set(rules.flatMap((rule) => named(rule, 'port')).map(Number));
    this.#byPort = new Map(
      [...ports].map((destinationPort) => [destinationPort, this.#probe('port', { ...PROBE, destinationPort })]),
    );
    this.#otherPort = this.#probe('port', PROBE);
    const keys = rules.map(pathKeys);
    this.#paths = new PrefixTree(
      keys.flatMap((found) => found ?? []),
      this.#bits((_, index) => keys[index] === undefined),
      this.#words,
    );
  }

  first(a: Attributes): number {
    const rules = this.#rules;
    const identity = this.#identity(a.sourceIdentity);
    const port = this.#byPort.get(a.destinationPort) ?? this.#otherPort;
    const http = a.protocol === 'http';
    const method = http ? (this.#byMethod.get(a.method) ?? this.#all) : this.#all;
    const path = http ? this.#paths.find(a.path) : this.#all;
    for (let word = 0; word < this.#words; word++) {
      let left = (identity[word] as number) & (port[word] as number) & (method[word] as number) & (path[word] as number);
      while (left !== 0) {
        const lowest = left & -left;
        const index = (word << 5) + 31 - Math.clz32(lowest);
        if ((rules[index] as CompiledRule).test(a)) return index;
        left ^= lowest;
      }
    }
    return -1;
  }

  #identity(id: string | undefined): Int32Array {
    if (id === undefined) return this.#plaintext;
    const known = this.#byIdentity.get(id);
    if (known !== undefined) return known;
    if (this.#byIdentity.size >= IDENTITIES_MAX) this.#byIdentity.clear();
    const bits = this.#probe('identity', { ...PROBE, sourceIdentity: id });
    this.#byIdentity.set(id, bits);
    return bits;
  }

  #probe(dimension: Dimension, probe: Attributes): Int32Array {
    return this.#bits((rule) => mayMatch(rule, dimension, probe));
  }

  #bits(include: (rule: CompiledRule, index: number) => boolean): Int32Array {
    const bits = new Int32Array(this.#words);
    for (const [index, rule] of this.#rules.entries()) if (include(rule, index)) setBit(bits, index);
    return bits;
  }
}

/** The values that rules name in one dimension; any other value of a port gives one and the same answer. */
function named(rule: CompiledRule, dimension: Dimension): string[] {
  const fields = [...rule.from.flat(), ...rule.to.flat(), ...rule.when];
  return fields.filter((field) => field.kind.dimension === dimension).flatMap((field) => field.values);
}

/** Literals one of which every path of the rule equals or starts with; undefined when the rule does not say so much. */
function pathKeys(rule: CompiledRule, index: number): PathKey[] | undefined {
  const keys: PathKey[] = [];
  if (rule.to.length === 0) return undefined;
  for (const clause of rule.to) {
    const found = clausePaths(clause, index);
    if (found === undefined) return undefined;
    keys.push(...found);
  }
  return keys;
}

function clausePaths(clause: Clause, rule: number): PathKey[] | undefined {
  const field = clause.find((candidate) => candidate.kind.dimension === 'path' && !candidate.negated);
  if (field === undefined) return undefined;
  const keys: PathKey[] = [];
  for (const value of field.values) {
    if (isPathTemplate(value)) {
      const template = compilePathTemplate(value);
      if (template.ok) keys.push({ text: template.prefix, exact: false, rule });
      continue;
    }
    const { kind, text } = parseStringRule(value);
    if (kind === 'suffix' || kind === 'presence') return undefined;
    keys.push({ text, exact: kind === 'exact', rule });
  }
  return keys;
}
