// `request.headers[name]`: `*` is present, even empty; otherwise string rules, case-sensitive in the value, never in the name.
import type { Attributes } from '#model/decision.ts';
import { anyTest, parseStringRule, stringTest } from './strings.ts';
import type { TextTest } from './strings.ts';

export type AttributeTest = (a: Attributes) => boolean;

type Read = (a: Attributes) => string | undefined;

/** Pseudo-headers and `host`, which are attributes of their own. An empty one counts as absent. */
const PSEUDO: Readonly<Record<string, Read>> = {
  ':method': (a) => a.method || undefined,
  ':authority': (a) => a.host || undefined,
  host: (a) => a.host || undefined,
  ':path': (a) => (a.path === '' ? undefined : a.path + (a.query ?? '')),
};

/** @returns why a header cannot be asked for, or undefined */
export function refuseHeader(name: string): string | undefined {
  if (name === '') return 'a header name is missing between the brackets';
  if (name.startsWith(':') && !Object.hasOwn(PSEUDO, name)) return `\`${name}\` is not known to this data plane`;
  return undefined;
}

/** The joined value, `undefined` when absent. */
export function headerReader(name: string): Read {
  return Object.hasOwn(PSEUDO, name) ? (PSEUDO[name] as Read) : (a) => a.header(name);
}

/**
 * The condition on one header. A header sent several times, or with commas, has a joined value and single elements; they must not
 * open a way round a rule. With `wide` (DENY, AUDIT, CUSTOM) the condition holds when it holds for the joined value or for any
 * element; without (ALLOW) it must hold for the joined value and, when negated, for every element too.
 * @param name lower-case
 */
export function headerTest(name: string, values: readonly string[], negated: boolean, wide: boolean): AttributeTest {
  const read = headerReader(name);
  const pseudo = Object.hasOwn(PSEUDO, name);
  if (values.includes('*')) return negated ? (a) => read(a) === undefined : (a) => read(a) !== undefined;
  const rule = anyTest(values.map((value) => stringTest(parseStringRule(value))));
  const literal = new Set(values);
  const holds: TextTest = negated ? (text) => !rule(text) : rule;
  return (a) => {
    const joined = read(a);
    if (joined === undefined) return negated;
    const whole = holds(joined);
    if (pseudo || whole === wide) return whole;
    if (!wide && !negated) return true;
    // The policy names this very text, commas included: nothing hides in it.
    if (wide && negated && literal.has(joined)) return false;
    // Here elements decide: wide, and the whole did not hold; or narrow and negated, and the whole did.
    return anyElement(a.headerValues(name), wide ? holds : rule) === wide;
  };
}

/** Single field values, and the parts between their commas. */
function anyElement(values: readonly string[], test: TextTest): boolean {
  for (const value of values) {
    if (test(value)) return true;
    if (!value.includes(',')) continue;
    for (const part of value.split(',')) if (test(part.trim())) return true;
  }
  return false;
}

const SENSITIVE = /authorization|cookie|token|secret|passw|credential|session|api-?key|signature|(?:^|-)key$/i;

/** Whether a header's values must stay out of reasons, events and logs. */
export function isSensitiveHeader(name: string): boolean {
  return SENSITIVE.test(name);
}
