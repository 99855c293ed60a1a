// Whole manifests that Istio's schema and admission accept or refuse.
import { join } from 'node:path';
import { readSystem } from '#ingest/read.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite, SuiteContext } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly expect: 'valid' | 'invalid';
  readonly manifest: string;
}

/** Refused means: an error, and each error says where. */
function judge(row: Row): RowResult {
  const { system, diagnostics } = readSystem([{ file: row.id, text: row.manifest }]);
  const errors = diagnostics.filter((each) => each.severity === 'error');
  const valid = errors.length === 0 && system.resources.length === 1;
  const placed = errors.every((each) => each.location !== undefined);
  const pass = valid === (row.expect === 'valid') && placed;
  return { id: row.id, pass, ...(pass ? {} : { why: `valid ${valid}: ${diagnostics.map((each) => each.message).join('; ')}` }) };
}

export const suite = {
  name: 'istio-validation-crd',
  needs: 'istio/validation.jsonl',
  run({ dir }: SuiteContext): Promise<readonly RowResult[]> {
    return Promise.resolve(readJsonLines<Row>(join(dir, 'istio/validation.jsonl')).map(judge));
  },
} satisfies Suite;
