import { buildFindingsOf, SCANNED, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { WRITE_ALL } from './write-all.ts';

testRuleBy(WRITE_ALL, buildFindingsOf, {
  fails: [
    ['write-all', workflow(SCANNED, '[push]', 'permissions: write-all\n'), 'medium'],
    [
      'of one job',
      { '.github/workflows/a.yml': 'on: push\njobs: {a: {runs-on: ubuntu-24.04, permissions: write-all, steps: [{run: date}]}}' },
      'medium',
    ],
  ],
  passes: [
    ['read', workflow(SCANNED, '[push]', 'permissions: {contents: read}\n')],
    ['one right to write', workflow(SCANNED, '[push]', 'permissions: {contents: read, packages: write}\n')],
  ],
});
