// JSON Schema draft-07 (https://json-schema.org/draft-07), interpreted: no code is made. Schemas are read once into closures; validation stops after so many faults.
import { formatHolds } from './json-format.ts';

/** A place in the instance that a schema does not allow. */
export interface SchemaFault {
  /** JSON Pointer into the instance. */
  readonly pointer: string;
  /** Lower-case, no full stop; never holds a value of the instance. */
  readonly message: string;
}

/** Faults of an instance; an empty list when it is valid. */
export type Validator = (instance: unknown) => readonly SchemaFault[];

type Json = Readonly<Record<string, unknown>>;
type Check = (instance: unknown, pointer: string, run: Run) => void;

interface Run {
  readonly faults: SchemaFault[];
  readonly faultsMax: number;
  depth: number;
}

const DEPTH_MAX = 400;

/**
 * Compiles a schema.
 * @param root the schema; its `$id` is the base of its references
 * @param others schemas that it refers to, found by their `$id`
 * @throws Error for a reference that leads nowhere or a pattern that is no regular expression: schemas are the product's own data
 * @example compileSchema({ type: 'object', required: ['a'] })({}) // [{ pointer: '', message: 'needs `a`' }]
 */
export function compileSchema(root: unknown, others: readonly unknown[] = [], faultsMax = 50): Validator {
  const compiler = new Compiler([root, ...others]);
  const check = compiler.compile(root, idOf(root));
  return (instance) => {
    const run: Run = { faults: [], faultsMax, depth: 0 };
    check(instance, '', run);
    return run.faults;
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(schema: unknown): string {
  const id = isObject(schema) ? schema['$id'] : undefined;
  return typeof id === 'string' ? id : 'schema:root';
}

function fault(run: Run, pointer: string, message: string): void {
  if (run.faults.length < run.faultsMax) run.faults.push({ pointer, message });
}

function valid(check: Check, instance: unknown, pointer: string, run: Run): boolean {
  const inner: Run = { faults: [], faultsMax: 1, depth: run.depth };
  check(instance, pointer, inner);
  return inner.faults.length === 0;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' ? 'object' : typeof value;
}

/** Members and items by a JSON Pointer's rules. */
function step(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

class Compiler {
  /** Schemas by absolute address without fragment. */
  readonly #documents = new Map<string, unknown>();
  /** Compiled ones, by schema and base, so that circles of references end. */
  readonly #known = new Map<unknown, Map<string, { check: Check }>>();

  constructor(documents: readonly unknown[]) {
    for (const document of documents) this.#documents.set(idOf(document).replace(/#.*$/, ''), document);
  }

  compile(schema: unknown, base: string): Check {
    if (schema === true || schema === undefined) return () => undefined;
    if (schema === false) return (_, pointer, run) => fault(run, pointer, 'is not allowed here');
    if (!isObject(schema)) throw new Error('a schema is an object, true or false');
    let byBase = this.#known.get(schema);
    if (!byBase) this.#known.set(schema, (byBase = new Map()));
    const known = byBase.get(base);
    if (known) return (instance, pointer, run) => known.check(instance, pointer, run);
    const slot: { check: Check } = { check: () => undefined };
    byBase.set(base, slot);
    const checks = this.#checks(schema, base);
    slot.check = (instance, pointer, run) => {
      if (run.depth >= DEPTH_MAX) {
        fault(run, pointer, 'is nested too deeply');
        return;
      }
      run.depth++;
      for (const check of checks) {
        if (run.faults.length >= run.faultsMax) break;
        check(instance, pointer, run);
      }
      run.depth--;
    };
    return slot.check;
  }

  #checks(schema: Json, base: string): Check[] {
    // Beside `$ref` nothing counts (draft-07 section 8.3).
    if (typeof schema['$ref'] === 'string') return [this.#reference(schema['$ref'], base)];
    return [
      ...this.#values(schema),
      ...this.#numbersAndTexts(schema),
      ...this.#arrays(schema, base),
      ...this.#objects(schema, base),
      ...this.#combined(schema, base),
    ];
  }

  #reference(reference: string, base: string): Check {
    const [address = '', fragment = ''] = reference.split('#');
    const target =
      address === '' ? base.replace(/#.*$/, '') : URL.canParse(address, base) ? new URL(address, base).href : address;
    let schema: unknown = this.#documents.get(target) ?? this.#documents.get(address);
    if (schema === undefined) throw new Error(`the schema refers to ${reference}, which is not there`);
    const document = schema;
    for (const part of fragment.split('/').slice(1)) {
      const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      schema = Array.isArray(schema)
        ? schema[Number(key)]
        : isObject(schema) && Object.hasOwn(schema, key)
          ? schema[key]
          : undefined;
      if (schema === undefined) throw new Error(`the schema refers to ${reference}, which is not there`);
    }
    return this.compile(schema, idOf(document));
  }

  #values(schema: Json): Check[] {
    const checks: Check[] = [];
    const { type, enum: values } = schema;
    if (type !== undefined) {
      const types = (Array.isArray(type) ? type : [type]) as string[];
      checks.push((instance, pointer, run) => {
        const own = typeOf(instance);
        const fits = types.includes(own) || (own === 'number' && types.includes('integer') && Number.isInteger(instance));
        if (!fits) fault(run, pointer, `must be ${types.map(article).join(' or ')}, not ${article(own)}`);
      });
    }
    if (Array.isArray(values)) {
      const plain = new Set(values.filter((value) => typeof value !== 'object'));
      const other = values.filter((value) => typeof value === 'object');
      checks.push((instance, pointer, run) => {
        if (!plain.has(instance) && !other.some((value) => deepEqual(value, instance)))
          fault(run, pointer, 'is none of the values that are allowed');
      });
    }
    if (Object.hasOwn(schema, 'const')) {
      const value = schema['const'];
      checks.push((instance, pointer, run) => {
        if (!deepEqual(value, instance)) fault(run, pointer, 'is not the value that is wanted');
      });
    }
    return checks;
  }

  #numbersAndTexts(schema: Json): Check[] {
    const checks: Check[] = [];
    const number = (name: string, holds: (value: number, bound: number) => boolean, text: string): void => {
      const bound = schema[name];
      if (typeof bound === 'number')
        checks.push((instance, pointer, run) => {
          if (typeof instance === 'number' && !holds(instance, bound)) fault(run, pointer, `must be ${text} ${bound}`);
        });
    };
    number('minimum', (value, bound) => value >= bound, 'at least');
    number('maximum', (value, bound) => value <= bound, 'at most');
    number('exclusiveMinimum', (value, bound) => value > bound, 'more than');
    number('exclusiveMaximum', (value, bound) => value < bound, 'less than');
    number('multipleOf', (value, bound) => Number.isInteger(Number((value / bound).toPrecision(12))), 'a multiple of');
    const { minLength, maxLength, pattern, format } = schema;
    if (typeof minLength === 'number' || typeof maxLength === 'number')
      checks.push((instance, pointer, run) => {
        if (typeof instance !== 'string') return;
        // Characters are code points (draft-07 section 6.3.1).
        const length = /[\ud800-\udbff]/.test(instance) ? Array.from(instance).length : instance.length;
        if (typeof minLength === 'number' && length < minLength)
          fault(run, pointer, `must have at least ${minLength} characters`);
        if (typeof maxLength === 'number' && length > maxLength) fault(run, pointer, `must have at most ${maxLength} characters`);
      });
    if (typeof pattern === 'string') {
      const expression = new RegExp(pattern, 'u');
      checks.push((instance, pointer, run) => {
        if (typeof instance === 'string' && !expression.test(instance)) fault(run, pointer, `must match \`${pattern}\``);
      });
    }
    if (typeof format === 'string')
      checks.push((instance, pointer, run) => {
        if (typeof instance === 'string' && !formatHolds(format, instance))
          fault(run, pointer, `must be of the format ${format}`);
      });
    return checks;
  }

  #arrays(schema: Json, base: string): Check[] {
    const { items, additionalItems, contains, minItems, maxItems, uniqueItems } = schema;
    const checks: Check[] = [];
    const each = (check: (list: readonly unknown[], pointer: string, run: Run) => void): void =>
      void checks.push((instance, pointer, run) => {
        if (Array.isArray(instance)) check(instance, pointer, run);
      });
    if (typeof minItems === 'number')
      each((list, pointer, run) =>
        list.length < minItems ? fault(run, pointer, `must have at least ${minItems} items`) : undefined,
      );
    if (typeof maxItems === 'number')
      each((list, pointer, run) =>
        list.length > maxItems ? fault(run, pointer, `must have at most ${maxItems} items`) : undefined,
      );
    if (uniqueItems === true)
      each((list, pointer, run) => (hasDuplicates(list) ? fault(run, pointer, 'must not have the same item twice') : undefined));
    if (items !== undefined) {
      const first = Array.isArray(items) ? items.map((item) => this.compile(item, base)) : [];
      const rest = Array.isArray(items) ? this.compile(additionalItems, base) : this.compile(items, base);
      each((list, pointer, run) => {
        for (let i = 0; i < list.length && run.faults.length < run.faultsMax; i++)
          (first[i] ?? rest)(list[i], `${pointer}/${i}`, run);
      });
    }
    if (contains !== undefined) {
      const check = this.compile(contains, base);
      each((list, pointer, run) =>
        list.some((item, i) => valid(check, item, `${pointer}/${i}`, run))
          ? undefined
          : fault(run, pointer, 'lacks an item of the kind that is wanted'),
      );
    }
    return checks;
  }

  #objects(schema: Json, base: string): Check[] {
    const { required, minProperties, maxProperties, propertyNames, dependencies } = schema;
    const checks: Check[] = [];
    const each = (check: (object: Json, pointer: string, run: Run) => void): void =>
      void checks.push((instance, pointer, run) => {
        if (isObject(instance)) check(instance, pointer, run);
      });
    if (Array.isArray(required))
      each((object, pointer, run) => {
        for (const name of required as string[]) if (!Object.hasOwn(object, name)) fault(run, pointer, `needs \`${name}\``);
      });
    if (typeof minProperties === 'number')
      each((object, pointer, run) =>
        Object.keys(object).length < minProperties
          ? fault(run, pointer, `must have at least ${minProperties} members`)
          : undefined,
      );
    if (typeof maxProperties === 'number')
      each((object, pointer, run) =>
        Object.keys(object).length > maxProperties
          ? fault(run, pointer, `must have at most ${maxProperties} members`)
          : undefined,
      );
    if (propertyNames !== undefined) {
      const check = this.compile(propertyNames, base);
      each((object, pointer, run) => {
        for (const name of Object.keys(object))
          if (!valid(check, name, pointer, run)) fault(run, pointer, 'has a member whose name is not allowed');
      });
    }
    const members = this.#members(schema, base);
    if (members) each(members);
    if (isObject(dependencies)) {
      for (const [name, wanted] of Object.entries(dependencies)) {
        const check = Array.isArray(wanted) ? this.compile({ required: wanted }, base) : this.compile(wanted, base);
        each((object, pointer, run) => (Object.hasOwn(object, name) ? check(object, pointer, run) : undefined));
      }
    }
    return checks;
  }

  #members(schema: Json, base: string): ((object: Json, pointer: string, run: Run) => void) | undefined {
    const { properties, patternProperties, additionalProperties } = schema;
    if (properties === undefined && patternProperties === undefined && additionalProperties === undefined) return undefined;
    const named = new Map(
      Object.entries(isObject(properties) ? properties : {}).map(([name, inner]) => [name, this.compile(inner, base)]),
    );
    const patterns = Object.entries(isObject(patternProperties) ? patternProperties : {}).map(([pattern, inner]) => ({
      pattern: new RegExp(pattern, 'u'),
      check: this.compile(inner, base),
    }));
    const closed = additionalProperties === false;
    const rest = this.compile(closed ? undefined : additionalProperties, base);
    return (object, pointer, run) => {
      for (const name of Object.keys(object)) {
        if (run.faults.length >= run.faultsMax) return;
        const at = step(pointer, name);
        const check = named.get(name);
        check?.(object[name], at, run);
        const matching = patterns.filter(({ pattern }) => pattern.test(name));
        for (const each of matching) each.check(object[name], at, run);
        if (check || matching.length > 0) continue;
        if (closed) fault(run, pointer, `has the member \`${name.slice(0, 100)}\`, which is not known`);
        else rest(object[name], at, run);
      }
    };
  }

  #combined(schema: Json, base: string): Check[] {
    const { allOf, anyOf, oneOf, not, if: condition } = schema;
    const checks: Check[] = [];
    const all = (list: unknown): Check[] => (Array.isArray(list) ? list.map((inner) => this.compile(inner, base)) : []);
    checks.push(...all(allOf));
    if (Array.isArray(anyOf)) {
      const choices = all(anyOf);
      checks.push((instance, pointer, run) => {
        if (!choices.some((check) => valid(check, instance, pointer, run)))
          explain(choices, instance, pointer, run, 'is none of the forms that are allowed');
      });
    }
    if (Array.isArray(oneOf)) {
      const choices = all(oneOf);
      checks.push((instance, pointer, run) => {
        const count = choices.filter((check) => valid(check, instance, pointer, run)).length;
        if (count === 0) explain(choices, instance, pointer, run, 'is none of the forms that are allowed');
        else if (count > 1) fault(run, pointer, 'fits several forms of which it may have one only');
      });
    }
    if (not !== undefined) {
      const check = this.compile(not, base);
      checks.push((instance, pointer, run) => {
        if (valid(check, instance, pointer, run)) fault(run, pointer, 'has a form that is not allowed');
      });
    }
    if (condition !== undefined) {
      const test = this.compile(condition, base);
      const [then, otherwise] = [this.compile(schema['then'], base), this.compile(schema['else'], base)];
      checks.push((instance, pointer, run) => (valid(test, instance, pointer, run) ? then : otherwise)(instance, pointer, run));
    }
    return checks;
  }
}

/** Where only one form is possible at all, its own fault says more. */
function explain(choices: readonly Check[], instance: unknown, pointer: string, run: Run, message: string): void {
  if (choices.length === 1) choices[0]!(instance, pointer, run);
  else fault(run, pointer, message);
}

function article(type: string): string {
  return (
    {
      array: 'a list',
      object: 'an object',
      integer: 'a whole number',
      number: 'a number',
      string: 'a text',
      boolean: 'true or false',
      null: 'null',
    }[type] ?? type
  );
}

function deepEqual(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && canonical(a) === canonical(b));
}

/** Equal values give equal texts (draft-07 section 4.2.3). */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.keys(value)
    .toSorted()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join(',')}}`;
}

function hasDuplicates(list: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of list) {
    const text = canonical(item);
    if (seen.has(text)) return true;
    seen.add(text);
  }
  return false;
}
