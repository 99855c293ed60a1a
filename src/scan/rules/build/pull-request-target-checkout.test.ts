import { buildFindingsOf, SCANNED, SHA, step, uses, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { FOREIGN_CHECKOUT } from './pull-request-target-checkout.ts';

testRuleBy(FOREIGN_CHECKOUT, buildFindingsOf, {
  fails: [
    [
      'pull_request_target that checks out the head',
      workflow(
        uses(`actions/checkout@${SHA}`, '        with: {ref: "${{ github.event.pull_request.head.sha }}"}\n') + SCANNED,
        '[pull_request_target]',
      ),
      'high',
    ],
    ['by gh', workflow(step('gh pr checkout 1') + SCANNED, '{issue_comment: {types: [created]}}'), 'high'],
    [
      'after a maintainer said so',
      workflow(
        uses(`actions/checkout@${SHA}`, '        with: {ref: "${{ github.event.pull_request.head.sha }}"}\n') + SCANNED,
        '{pull_request_target: {types: [labeled]}}',
      ),
      'medium',
    ],
  ],
  passes: [
    [
      'the base, or without secrets',
      {
        ...workflow(uses(`actions/checkout@${SHA}`), '[pull_request_target]'),
        '.github/workflows/b.yml': workflow(
          uses(`actions/checkout@${SHA}`, '        with: {ref: "${{ github.event.pull_request.head.sha }}"}\n'),
          '[pull_request]',
        )['.github/workflows/ci.yml']!,
      },
    ],
    ['nothing is checked out', workflow(step('gh pr comment 1 --body thanks') + SCANNED, '[pull_request_target]')],
  ],
});
