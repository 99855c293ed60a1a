// Istio's verdicts on single conditions (`when`) of an AuthorizationPolicy.
import { join } from 'node:path';
import { validateCondition } from '#ingest/import.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite, SuiteContext } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
  readonly valid: boolean;
}

function judge(row: Row): RowResult {
  const diagnostics = validateCondition(row.key, row.values ?? [], row.notValues ?? []);
  const valid = !diagnostics.some((each) => each.severity === 'error');
  const pass = valid === row.valid;
  return { id: row.id, pass, ...(pass ? {} : { why: `valid ${valid}: ${diagnostics.map((each) => each.message).join('; ')}` }) };
}

export const suite = {
  name: 'istio-conditions-validation',
  needs: 'dataplane/istio-conditions-validation.jsonl',
  run({ dir }: SuiteContext): Promise<readonly RowResult[]> {
    return Promise.resolve(readJsonLines<Row>(join(dir, 'dataplane/istio-conditions-validation.jsonl')).map(judge));
  },
} satisfies Suite;
