// Request targets before and after the proxy, per normalisation mode (Istio's own golden rows).
import { join } from 'node:path';
import { normalizeTarget } from '#plan/normalise.ts';
import type { PathNormalization } from '#model/istio.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly mode: string;
  readonly in: string;
  readonly out?: string;
  readonly status?: number;
}

const MODES: Readonly<Record<string, PathNormalization>> = {
  NONE: 'NONE',
  BASE: 'BASE',
  MERGE_SLASHES: 'MERGE_SLASHES',
  DECODE_AND_MERGE_SLASHES: 'DECODE_AND_MERGE_SLASHES',
};

export const suite = {
  name: 'istio-normalization',
  needs: 'dataplane/istio-normalization.jsonl',
  run: async ({ dir }) => readJsonLines<Row>(join(dir, 'dataplane/istio-normalization.jsonl')).map(judge),
} satisfies Suite;

function judge(row: Row): RowResult {
  const mode = MODES[row.mode];
  if (mode === undefined) return { id: row.id, pass: false, why: `unknown mode ${row.mode}` };
  const got = normalizeTarget(row.in, mode);
  const seen = got.ok ? got.target : `400 ${got.reason}`;
  const pass = row.out === undefined ? !got.ok : got.ok && got.target === row.out;
  return pass ? { id: row.id, pass } : { id: row.id, pass, why: `${row.in} -> ${seen}, want ${row.out ?? row.status}` };
}
