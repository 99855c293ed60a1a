// One valid object of every Istio kind and version: each must be read, typed or kept whole.
import { join } from 'node:path';
import { importResource } from '#ingest/import.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite, SuiteContext } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly doc: unknown;
  readonly valid: boolean;
}

function judge(row: Row): RowResult {
  const { resource, diagnostics } = importResource(row.doc);
  const valid = resource !== undefined && !diagnostics.some((each) => each.severity === 'error');
  const pass = valid === row.valid;
  return { id: row.id, pass, ...(pass ? {} : { why: diagnostics.map((each) => each.message).join('; ') }) };
}

export const suite = {
  name: 'istio-dataset',
  needs: 'dataplane/istio-dataset.jsonl',
  run({ dir }: SuiteContext): Promise<readonly RowResult[]> {
    return Promise.resolve(readJsonLines<Row>(join(dir, 'dataplane/istio-dataset.jsonl')).map(judge));
  },
} satisfies Suite;
