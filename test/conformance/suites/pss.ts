// Pod Security Standards: the pods of Pod Security Admission's own tests, each judged for every version that it is meant for.
import { join } from 'node:path';
import { eachYamlDocument } from '#syntax/yaml.ts';
import { evaluatePod } from '#scan/pss/evaluate.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly versions: readonly string[];
  readonly level: 'baseline' | 'restricted';
  readonly expect: 'pass' | 'fail';
  /** The check that must be among those that refuse; null: the smallest pod that is let through. */
  readonly check: string | null;
  /** Part of what Pod Security Admission answers. */
  readonly message?: string;
  readonly manifest: string;
}

interface PodManifest {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: unknown;
}

function judge(row: Row, version: string): RowResult {
  const pods: PodManifest[] = [];
  eachYamlDocument(row.id, row.manifest, ({ value }) => pods.push(value as PodManifest));
  const [pod] = pods;
  const verdicts = evaluatePod(pod?.spec, pod?.metadata?.annotations ?? {}, { level: row.level, version });
  const failed = verdicts.filter(({ allowed }) => !allowed);
  const id = `${row.id}@${version}`;
  const told = failed.map(({ control, message }) => `${control.id}: ${message}`).join(' | ') || 'allowed';
  if (row.expect === 'pass') return { id, pass: failed.length === 0, why: told };
  const named = failed.find(({ control }) => control.id === row.check);
  const worded = row.message === undefined || named?.message.includes(row.message) === true;
  return { id, pass: named !== undefined && worded, why: told };
}

export const suite = {
  name: 'pss',
  needs: 'pss',
  run: ({ dir }) =>
    Promise.resolve(
      ['baseline', 'restricted'].flatMap((level) =>
        readJsonLines<Row>(join(dir, 'pss', `${level}.jsonl`)).flatMap((row) =>
          row.versions.map((version) => judge(row, version)),
        ),
      ),
    ),
} satisfies Suite;
