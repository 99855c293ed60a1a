// Istio's own analyzer cases: every message with its object, and silence where none is due.
import { join } from 'node:path';
import { analyzeMesh } from '#scan/istio/analyzer.ts';
import { MESH_ANALYZERS } from '#scan/istio/analyzers.ts';
import { readMeshConfig } from '#scan/istio/read.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite, SuiteContext } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly analyzer: string;
  readonly inputs: readonly { readonly path: string; readonly text?: string; readonly text_b64?: string }[];
  readonly expect: readonly { readonly code: string; readonly object: string }[];
}

/** 2026-11-24: certificates of the cases are judged on a fixed day. */
const NOW = Date.UTC(2026, 10, 24);

function judgeRow({ id, analyzer, inputs, expect }: Row): RowResult {
  const chosen = MESH_ANALYZERS.filter((each) => each.analyzer === analyzer);
  if (chosen.length === 0) return { id: `${analyzer} ${id}`, pass: false, why: 'no such analyzer' };
  const sources = inputs.map(({ path, text, text_b64: encoded }) => ({
    file: path,
    text: text ?? Buffer.from(encoded ?? '', 'base64'),
  }));
  const got = analyzeMesh(readMeshConfig(sources), chosen, NOW).map(({ code, object }) => `${code} ${object}`);
  const want = expect.map(({ code, object }) => `${code} ${object}`);
  const [missing, extra] = [without(want, got), without(got, want)];
  const pass = missing.length === 0 && extra.length === 0;
  const why = [...missing.map((each) => `missing ${each}`), ...extra.map((each) => `not due ${each}`)].join('; ');
  return { id: `${analyzer} ${id}`, pass, ...(pass ? {} : { why }) };
}

/** What of `all` is left when each of `taken` took away one. */
function without(all: readonly string[], taken: readonly string[]): readonly string[] {
  const left = [...taken];
  return all.filter((each) => {
    const at = left.indexOf(each);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

export const suite = {
  name: 'istio-analyzers',
  needs: 'istio/analyzers.jsonl',
  run({ dir }: SuiteContext): Promise<readonly RowResult[]> {
    return Promise.resolve(readJsonLines<Row>(join(dir, 'istio/analyzers.jsonl')).map(judgeRow));
  },
} satisfies Suite;
