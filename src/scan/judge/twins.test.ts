import assert from 'node:assert/strict';
import test from 'node:test';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import { mergeTwins } from './twins.ts';

function finding(code: string, severity: FindingSeverity, line: number, related: readonly number[] = []): Finding {
  const place = (at: number): NonNullable<Finding['location']> => ({ file: 'deploy/db.yaml', line: at, column: 1 });
  return {
    id: `${code}-${line}`,
    code,
    severity,
    title: 't',
    message: 'm',
    location: place(line),
    related: related.map((at) => ({ location: place(at), message: 'm' })),
    references: [],
  };
}

const ROWS: readonly (readonly [string, readonly Finding[], readonly string[]])[] = [
  [
    'a Secret told by its object and by its text',
    [finding('secrets-config.committed', 'medium', 7), finding('secrets.kubernetes-secret-yaml', 'high', 7)],
    ['high secrets-config.committed 7'],
  ],
  [
    'a further key of the Secret',
    [finding('secrets-config.committed', 'medium', 7, [8]), finding('secrets.kubernetes-secret-yaml', 'high', 8)],
    ['high secrets-config.committed 7'],
  ],
  [
    'a token whose owner the text names',
    [finding('secrets-config.env-literal', 'medium', 7), finding('secrets.github-pat', 'critical', 7)],
    ['critical secrets.github-pat 7'],
  ],
  [
    'two places',
    [finding('secrets-config.env-literal', 'medium', 7), finding('secrets.generic-api-key', 'medium', 9)],
    ['medium secrets-config.env-literal 7', 'medium secrets.generic-api-key 9'],
  ],
  [
    'another weakness at the same place',
    [finding('image.tag', 'medium', 7), finding('secrets.generic-api-key', 'medium', 7)],
    ['medium image.tag 7', 'medium secrets.generic-api-key 7'],
  ],
];

test('a secret that two rules tell of is one finding, as bad as the worse of them', () => {
  for (const [name, findings, want] of ROWS) {
    const got = mergeTwins(findings).map(
      (told) => `${told.finding.severity} ${told.finding.code} ${told.finding.location?.line}`,
    );
    assert.deepEqual(got, want, name);
    assert.equal(
      mergeTwins(findings).reduce((count, { also }) => count + 1 + also.length, 0),
      findings.length,
      name,
    );
  }
});
