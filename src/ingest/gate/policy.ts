// `gate.yaml` (GatePolicy) and `.cullis-ignore.yaml` (Suppressions) by themselves: read strictly, since half a bar is no bar.
import type { z } from 'zod';
import type { Diagnostic } from '#model/diagnostic.ts';
import { readYaml } from '#syntax/yaml.ts';
import { isObject } from '../check.ts';
import { parseWith } from '../cullis/issues.ts';
import { gatePolicySchema, suppressionsSchema } from '../cullis/gate-schema.ts';
import { Findings } from '../findings.ts';
import { Scope } from '../scope.ts';
import type { YamlDocument } from '#syntax/yaml.ts';

/** Members that are absent are absent, never undefined: the schema leaves them out, its types do not say so. */
type Exact<T> = T extends readonly (infer U)[]
  ? readonly Exact<U>[]
  : T extends object
    ? { readonly [K in keyof T]: Exact<Exclude<T[K], undefined>> }
    : T;

export type GateSpec = Exact<z.output<typeof gatePolicySchema>>;
export type SuppressionSpec = Exact<z.output<typeof suppressionsSchema>>['suppressions'][number] & {
  /** `file:line` */
  readonly where: string;
};

interface Read<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** @returns the policy's spec; undefined when anything in it is wrong */
export function readGatePolicy(file: string, source: string | Uint8Array): Read<GateSpec> {
  const { value, diagnostics } = readOne(file, source, 'GatePolicy', gatePolicySchema);
  return { value: value?.spec as GateSpec | undefined, diagnostics };
}

/** @returns the entries; undefined when anything is wrong: nothing is suppressed then */
export function readSuppressions(file: string, source: string | Uint8Array): Read<readonly SuppressionSpec[]> {
  const { value, diagnostics } = readOne(file, source, 'Suppressions', suppressionsSchema);
  const entries = value?.spec.suppressions.map((one, i) => {
    const at = value.document.locate(['spec', 'suppressions', i]);
    return { ...(one as Exact<typeof one>), where: `${at.file}:${at.line}` };
  });
  return { value: entries, diagnostics };
}

function readOne<S extends z.ZodType>(
  file: string,
  source: string | Uint8Array,
  kind: string,
  schema: S,
): Read<{ readonly spec: z.output<S>; readonly document: YamlDocument }> {
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
  const scope = new Scope('gate', document, findings);
  const raw = isObject(document.value) ? document.value : {};
  if (raw['apiVersion'] !== 'cullis.dev/v1')
    scope.at('apiVersion', () => scope.error('api-version', '`apiVersion` must be `cullis.dev/v1`'));
  if (raw['kind'] !== kind) scope.at('kind', () => scope.error('kind', `\`kind\` must be \`${kind}\``));
  const spec = scope.at('spec', () => parseWith(schema, raw['spec'] ?? {}, scope));
  return { value: scope.errors > 0 || spec === undefined ? undefined : { spec, document }, diagnostics: findings.all() };
}
