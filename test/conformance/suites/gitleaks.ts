// Gitleaks' own true and false positives: a true one must be reported as whatever kind, a false one must not be reported as its kind, and
// reports of other kinds on false ones (noise) may be at most one in a hundred.
import { join } from 'node:path';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly rule: string;
  readonly expect: boolean;
  readonly file?: string;
  readonly text_b64: string;
}

const NOISE_MAX = 0.01;

export const suite = {
  name: 'gitleaks',
  needs: 'gitleaks/strings.jsonl',
  run({ dir }) {
    const scanner = compileSecretRules({ rules: SECRET_RULES });
    const rows = readJsonLines<Row>(join(dir, 'gitleaks/strings.jsonl'));
    let noise = 0;
    const results = rows.map(({ id, rule, expect, file, text_b64 }): RowResult => {
      const kinds = scanner.scan(file ?? 'case.txt', Buffer.from(text_b64, 'base64')).map((hit) => hit.rule);
      if (!expect && kinds.length > 0) noise++;
      // The texts themselves are never printed.
      const why = `${rule} (${expect ? 'true' : 'false'}): ${kinds.join(', ') || 'silent'}`;
      return { id, pass: expect ? kinds.length > 0 : !kinds.includes(rule), why };
    });
    const silent = rows.filter(({ expect }) => !expect).length;
    const share = `${noise} of ${silent} false texts reported as another kind`;
    return Promise.resolve([...results, { id: 'noise', pass: noise <= silent * NOISE_MAX, why: share }]);
  },
} satisfies Suite;
