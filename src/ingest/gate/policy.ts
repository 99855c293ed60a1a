// `gate.yaml` (kind GatePolicy of cullis.dev/v1) and `.cullis-ignore.yaml` (kind Suppressions): the team's own bar, read strictly.
import type { Diagnostic } from '#model/diagnostic.ts';
import type { OriginSource } from '#model/origin.ts';
import { readYaml } from '#syntax/yaml.ts';
import { anyText, flag, integer, isObject, list, object, oneOf, optional, required, text, word } from '../check.ts';
import type { Check, Shape } from '../check.ts';
import { Findings } from '../findings.ts';
import { Scope } from '../scope.ts';

const severity = oneOf(['critical', 'high', 'medium', 'low', 'info', 'never']);
const days = integer(0, 3650);
const terms = object({
  critical: optional(days),
  high: optional(days),
  medium: optional(days),
  low: optional(days),
  info: optional(days),
});
const pair = object({ a: required(word), b: required(word) });
const vulnerabilities = object({
  failOn: optional(severity),
  onlyFixable: optional(flag),
  graceDays: optional(days),
  failOnPath: optional(flag),
});
const gateSpec = object({
  failOnNew: optional(severity),
  failOnAny: optional(severity),
  failOnOverdue: optional(flag),
  failOnNewPaths: optional(flag),
  pathsMax: optional(integer(0, 1_000_000)),
  failOnNotAnalysed: optional(oneOf(['never', 'errors', 'all'])),
  forbid: optional(list(word)),
  allow: optional(list(word)),
  terms: optional(terms),
  vulnerabilities: optional(vulnerabilities),
  parity: optional(list(pair)),
});
const day = text({ pattern: /^\d{4}-\d{2}-\d{2}$/, meaning: 'a day as `2027-01-31`' });
const suppression = object(
  {
    rule: required(word),
    reason: required(text({ min: 8, max: 2000 })),
    until: optional(day),
    path: optional(word),
    subject: optional(word),
  },
  { hints: { expires: 'did you mean `until`?', why: 'did you mean `reason`?' } },
);
const suppressionsSpec = object({ suppressions: required(list(suppression)) });

export type GateSpec = NonNullable<ReturnType<typeof gateSpec>>;
export type SuppressionSpec = NonNullable<ReturnType<typeof suppression>> & { readonly where: string };

interface Read<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** @returns the policy's spec; undefined when anything in it is wrong, since half a policy is no bar */
export function readGatePolicy(file: string, source: string | Uint8Array): Read<GateSpec> {
  return readOne(file, source, 'GatePolicy', gateSpec);
}

/** @returns the entries; undefined when anything is wrong: nothing is suppressed then */
export function readSuppressions(file: string, source: string | Uint8Array): Read<readonly SuppressionSpec[]> {
  let origin: OriginSource | undefined;
  const { value, diagnostics } = readOne(file, source, 'Suppressions', suppressionsSpec, (found) => (origin = found));
  return {
    value: value?.suppressions.map((one, i) => {
      const at = origin?.locate(['spec', 'suppressions', i]);
      return { ...one, where: at ? `${at.file}:${at.line}` : file };
    }),
    diagnostics,
  };
}

const head = { apiVersion: required(oneOf(['cullis.dev/v1'])), metadata: optional(object({ name: optional(anyText) })) };

function readOne<T>(
  file: string,
  source: string | Uint8Array,
  kind: string,
  spec: Check<T>,
  at?: (origin: OriginSource) => void,
): Read<T> {
  const { documents, mistakes } = readYaml(file, source);
  const findings = new Findings();
  for (const mistake of mistakes) findings.push(mistake);
  const [document, ...more] = documents;
  if (!document || more.length > 0) {
    if (mistakes.length === 0)
      findings.push({
        code: 'gate.document',
        severity: 'error',
        message: `\`${file}\` must hold one document of kind \`${kind}\``,
      });
    return { value: undefined, diagnostics: findings.all() };
  }
  at?.(document);
  const scope = new Scope('gate', document, findings);
  if (isObject(document.value) && 'kind' in document.value && document.value['kind'] !== kind)
    scope.at('kind', () => scope.error('kind', `\`kind\` must be \`${kind}\``));
  const shape = object({ ...head, kind: required(word), spec: required(spec as Check<unknown>) });
  const read = shape(document.value, scope) as
    | Shape<{ readonly spec: { readonly check: Check<T>; readonly required: true } }>
    | undefined;
  const diagnostics = findings.all();
  return { value: diagnostics.some((one) => one.severity === 'error') ? undefined : read?.spec, diagnostics };
}
