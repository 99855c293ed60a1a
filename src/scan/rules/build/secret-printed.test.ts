import { buildFindingsOf, gitlab, SCANNED, step, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SECRET_PRINTED } from './secret-printed.ts';

testRuleBy(SECRET_PRINTED, buildFindingsOf, {
  fails: [
    ['secret printed', workflow(step('echo ${{ secrets.KEY }}') + SCANNED), 'medium'],
    ['secret printed in base64', workflow(step('echo "${{ secrets.KEY }}" | base64') + SCANNED), 'high'],
    ['GitLab trace', gitlab('variables: {CI_DEBUG_TRACE: "true"}\na: {script: [date]}'), 'medium'],
  ],
  passes: [
    [
      'secret handed over',
      workflow(
        step(
          'echo "${{ secrets.KEY }}" | docker login --password-stdin\necho "${{ secrets.K }}" > key.json\necho "${{ secrets.K }}" | base64 -d > a',
        ) + SCANNED,
      ),
    ],
    ['a secret in the environment', workflow('      - run: deploy --all\n        env: {KEY: "${{ secrets.KEY }}"}\n' + SCANNED)],
  ],
});
