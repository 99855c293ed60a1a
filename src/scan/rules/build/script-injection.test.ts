import { buildFindingsOf, SCANNED, SHA, step, uses, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SCRIPT_INJECTION } from './script-injection.ts';

testRuleBy(SCRIPT_INJECTION, buildFindingsOf, {
  fails: [
    ['title in a script', workflow(step('echo "${{ github.event.issue.title }}"') + SCANNED, '[issues]'), 'high'],
    ['branch name of a pull request', workflow(step('echo ${{ github.head_ref }}') + SCANNED, '[pull_request]'), 'medium'],
    [
      'in github-script',
      workflow(
        uses(`actions/github-script@${SHA}`, '        with: {script: "console.log(`${{ github.event.comment.body }}`)"}\n') +
          SCANNED,
        '[issue_comment]',
      ),
      'high',
    ],
  ],
  passes: [
    [
      'by a variable, or a number',
      workflow(
        `      - run: echo "$TITLE" \${{ github.event.issue.number }}\n        env: {TITLE: "\${{ github.event.issue.title }}"}\n${SCANNED}`,
        '[issues]',
      ),
    ],
    [
      'the number and the commit',
      workflow(step('echo ${{ github.event.pull_request.number }} ${{ github.sha }}') + SCANNED, '[pull_request]'),
    ],
  ],
});
