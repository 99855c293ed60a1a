// Istio's string rules: `abc` exact, `abc*` prefix, `*abc` suffix, `*` present and not empty. A `*` anywhere else is a literal.

export type TextTest = (text: string) => boolean;

export interface StringRule {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'presence';
  readonly text: string;
}

/** Splits a policy value into its kind and the literal text. */
export function parseStringRule(value: string): StringRule {
  if (value === '*') return { kind: 'presence', text: '' };
  if (value.startsWith('*')) return { kind: 'suffix', text: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', text: value.slice(0, -1) };
  return { kind: 'exact', text: value };
}

/** One rule as a test. */
export function stringTest({ kind, text }: StringRule): TextTest {
  switch (kind) {
    case 'presence':
      return (seen) => seen !== '';
    case 'suffix':
      return (seen) => seen.endsWith(text);
    case 'prefix':
      return (seen) => seen.startsWith(text);
    default:
      return (seen) => seen === text;
  }
}

/** Any of the values; exact ones are looked up together. */
export function anyString(values: readonly string[], parse: (value: string) => StringRule = parseStringRule): TextTest {
  const rules = values.map(parse);
  const exact = rules.filter((rule) => rule.kind === 'exact').map((rule) => rule.text);
  const tests = rules.filter((rule) => rule.kind !== 'exact').map(stringTest);
  if (exact.length === 1) tests.unshift(stringTest({ kind: 'exact', text: exact[0] as string }));
  else if (exact.length > 1) {
    const set = new Set(exact);
    tests.unshift((seen) => set.has(seen));
  }
  return anyTest(tests);
}

/** Whether any of the tests holds; false for none. */
export function anyTest<T>(tests: readonly ((value: T) => boolean)[]): (value: T) => boolean {
  const [first, second] = tests;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (tests.length === 2) return (value) => first(value) || second(value);
  return (value) => {
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}

/** Whether all of the tests hold; true for none. */
export function allTests<T>(tests: readonly ((value: T) => boolean)[]): (value: T) => boolean {
  const [first, second, third] = tests;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  if (tests.length === 3) return (value) => first(value) && second(value) && third(value);
  return (value) => {
    for (const test of tests) if (!test(value)) return false;
    return true;
  };
}
