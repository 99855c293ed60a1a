import { buildFindingsOf } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SELF_HOSTED } from './self-hosted-pull-request.ts';

testRuleBy(SELF_HOSTED, buildFindingsOf, {
  fails: [
    [
      'own machines',
      { '.github/workflows/a.yml': 'on: pull_request\njobs: {a: {runs-on: [self-hosted, linux], steps: [{run: date}]}}' },
      'medium',
    ],
  ],
  passes: [
    [
      'own machines for pushes',
      { '.github/workflows/a.yml': 'on: push\njobs: {a: {runs-on: [self-hosted], steps: [{run: date}]}}' },
    ],
    [
      'machines of GitHub',
      { '.github/workflows/a.yml': 'on: pull_request\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: date}]}}' },
    ],
  ],
});
