// The YAML examples of Istio's own API documentation: each loads without findings about its form.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSystem } from '#ingest/read.ts';
import type { RowResult, Suite, SuiteContext } from '../suite.ts';

/** Advice about what a policy means, not about how it is written. */
const ABOUT_MEANING = new Set(['authz.deny-tcp', 'authz.unknown-provider']);

function judge(dir: string, file: string): RowResult {
  const { system, diagnostics } = readSystem([{ file, text: readFileSync(join(dir, file)) }]);
  const findings = diagnostics.filter((each) => each.severity !== 'info' && !ABOUT_MEANING.has(each.code));
  const pass = findings.length === 0 && system.resources.length > 0;
  return { id: file, pass, ...(pass ? {} : { why: findings.map((each) => each.message).join('; ') || 'nothing was read' }) };
}

export const suite = {
  name: 'istio-examples',
  needs: 'istio/examples',
  run({ dir }: SuiteContext): Promise<readonly RowResult[]> {
    const folder = join(dir, 'istio/examples');
    const files = readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .sort();
    return Promise.resolve(files.map((file) => judge(folder, file)));
  },
} satisfies Suite;
