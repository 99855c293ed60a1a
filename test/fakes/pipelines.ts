// Files of pipelines for cases of rules.
import { buildFindings } from '#scan/pipelines/findings.ts';
import type { Finding } from '#model/finding.ts';

export type Files = Readonly<Record<string, string>>;

export const SHA = 'a'.repeat(40);

/** Both scans, so that cases about something else show only that. */
export const SCANNED = '      - run: npx cullis gate\n';

export const workflow = (steps: string, on = '[push]', more = ''): Files => ({
  '.github/workflows/ci.yml': `name: CI\non: ${on}\n${more}jobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n${steps}`,
});

export const step = (run: string, more = ''): string => `      - run: ${JSON.stringify(run)}\n${more}`;

export const uses = (action: string, more = ''): string => `      - uses: ${action}\n${more}`;

export const gitlab = (text: string): Files => ({ '.gitlab-ci.yml': text });

/** The findings of every rule over the files of one repository. */
export const buildFindingsOf = (files: Files): readonly Finding[] =>
  buildFindings(Object.entries(files).map(([path, text]) => ({ path, text })));
