// Istio's admission verdicts on its security kinds: accepted or not, and with a warning or not.
import { join } from 'node:path';
import { importResource } from '#ingest/import.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite, SuiteContext } from '../suite.ts';

interface WebhookRow {
  readonly id: string;
  readonly source: 'webhook' | 'crd';
  readonly kind: string;
  readonly apiVersion?: string;
  readonly name: string;
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: unknown;
  readonly valid: boolean;
  readonly warning?: boolean;
}

function judgeRow(row: WebhookRow): RowResult {
  const { kind, name, namespace, annotations, spec } = row;
  const { resource, diagnostics } = importResource({
    apiVersion: row.apiVersion ?? 'security.istio.io/v1',
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(annotations ? { annotations } : {}) },
    spec,
  });
  const valid = resource !== undefined && !diagnostics.some((each) => each.severity === 'error');
  const warning = diagnostics.some((each) => each.severity === 'warning');
  // The admission rules say for each row whether it warns; the schema rules (crd) know no warnings.
  const pass = valid === row.valid && (row.source === 'crd' || !row.valid || warning === (row.warning ?? false));
  return {
    id: row.id,
    pass,
    ...(pass ? {} : { why: `valid ${valid}, warning ${warning}: ${diagnostics.map((each) => each.message).join('; ')}` }),
  };
}

export const suite = {
  name: 'istio-validation',
  needs: 'dataplane/istio-validation.jsonl',
  run({ dir }: SuiteContext): Promise<readonly RowResult[]> {
    return Promise.resolve(readJsonLines<WebhookRow>(join(dir, 'dataplane/istio-validation.jsonl')).map(judgeRow));
  },
} satisfies Suite;
