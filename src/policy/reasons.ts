// Reasons: from a compiled field and a request to plain data and a sentence.
import type { Attributes, Reason } from '#model/decision.ts';
import { formatPath } from '#model/origin.ts';
import type { Location, Path } from '#model/origin.ts';
import { placeOf } from '#plan/select.ts';
import type { CompiledRule, Field, PolicyOfRule } from './rule.ts';

const HIDDEN = '(hidden)';
const WANTED_MAX = 16;

/** A reason about one field. @param text a sentence, lower-case, no full stop */
export function fieldReason(rule: CompiledRule, field: Field, a: Attributes, text: string): Reason {
  const wanted = field.kind.secret ? [HIDDEN] : field.wanted.slice(0, WANTED_MAX);
  return {
    policy: rule.policy.name,
    action: rule.policy.action,
    rule: rule.index,
    field: field.name,
    wanted: field.negated ? wanted.map((value) => `not ${value}`) : wanted,
    actual: field.kind.actual(a),
    at: field.at,
    text,
  };
}

/** A reason about a whole rule or policy. @param index -1 for the policy */
export function policyReason(policy: PolicyOfRule, index: number, text: string, path?: Path): Reason {
  const where = path ?? (index < 0 ? [] : ['spec', 'rules', index]);
  return {
    policy: policy.name,
    action: policy.action,
    rule: index,
    field: path && path.length > 3 ? formatPath(path.slice(3)) : '',
    wanted: [],
    actual: '',
    at: placeOf(policy.placed, where),
    text,
  };
}

/** `principal is \`x\`, not \`a\` or \`b\``; for a negated field the other way round. */
export function describeMiss(field: Field, a: Attributes): string {
  const actual = field.kind.actual(a);
  return field.negated
    ? `${field.kind.label} is ${quoteActual(actual)}`
    : `${field.kind.label} is ${quoteActual(actual)}, not ${valuesText(field)}`;
}

/** `path \`/admin/x\` is \`/admin/*\``: why a field is satisfied. */
export function describeHit(field: Field, a: Attributes): string {
  const actual = quoteActual(field.kind.actual(a));
  return `${field.kind.label} ${actual} is ${field.negated ? 'not ' : ''}${valuesText(field)}`;
}

function valuesText(field: Field): string {
  if (field.kind.secret) return 'what the policy names';
  const shown = field.wanted.slice(0, 3).map((value) => `\`${value}\``);
  const more = field.wanted.length - shown.length;
  return shown.join(' or ') + (more > 0 ? ` or ${more} more` : '');
}

function quoteActual(actual: string): string {
  return actual.startsWith('(') ? actual : `\`${actual}\``;
}

/** The place in `file:line:column`, to be spread into what has an optional location; nothing when the text is no place. */
export function locationAt(at: string): { location?: Location } {
  const match = /^(.*):(\d+):(\d+)$/s.exec(at);
  return match ? { location: { file: match[1] as string, line: Number(match[2]), column: Number(match[3]) } } : {};
}
