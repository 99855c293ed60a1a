import { buildFindingsOf, SHA, step, uses, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { NO_DEPENDENCY_SCAN } from './no-dependency-scan.ts';

testRuleBy(NO_DEPENDENCY_SCAN, buildFindingsOf, {
  fails: [
    ['an image is built', workflow(step('docker build -t a .')), 'medium'],
    [
      'secrets alone are looked for',
      workflow(step('npm ci && npm run build') + uses(`gitleaks/gitleaks-action@${SHA}`)),
      'medium',
    ],
    ['switched off', workflow(step('mvn -B package') + step('grype dir:.', '        if: false\n')), 'medium'],
  ],
  passes: [
    ['Grype after the build', workflow(step('docker build -t a .') + step('grype a'))],
    ['a bot that raises versions', { ...workflow(step('npm ci')), '.github/dependabot.yml': 'version: 2\nupdates: []\n' }],
    ['nothing is built', workflow(step('echo docker build .'))],
  ],
});
