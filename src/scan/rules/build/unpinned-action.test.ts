import { buildFindingsOf, SCANNED, SHA, uses, workflow, step } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { UNPINNED_ACTION } from './unpinned-action.ts';

testRuleBy(UNPINNED_ACTION, buildFindingsOf, {
  fails: [
    ['action by tag', workflow(uses('docker/login-action@v3') + SCANNED), 'medium'],
    ["GitHub's own by tag", workflow(uses('actions/checkout@v4') + SCANNED), 'low'],
    [
      'reusable workflow by branch',
      { '.github/workflows/a.yml': 'on: push\njobs: {a: {uses: acme/ci/.github/workflows/b.yml@main}}' },
      'medium',
    ],
  ],
  passes: [
    [
      'actions by commit, of this repository, by digest',
      workflow(
        uses(`docker/login-action@${SHA} # v3`) + uses('./.github/actions/a') + uses(`docker://alpine@sha256:${SHA}`) + SCANNED,
      ),
    ],
    ['none', workflow(step('date') + SCANNED)],
  ],
});
