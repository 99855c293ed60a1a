import { buildFindingsOf, step, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { NO_SECRET_SCAN } from './no-secret-scan.ts';

testRuleBy(NO_SECRET_SCAN, buildFindingsOf, {
  fails: [
    ['an image is built', workflow(step('docker build -t a .')), 'medium'],
    ['dependencies alone are looked at', workflow(step('npm ci && npm audit --audit-level=high')), 'medium'],
    ['only in a message', workflow(step('npm ci') + step('echo "run gitleaks"')), 'medium'],
  ],
  passes: [
    ['Gitleaks', workflow(step('npm ci') + step('gitleaks detect'))],
    [
      'a hook before commits',
      {
        ...workflow(step('npm ci')),
        '.pre-commit-config.yaml': 'repos:\n- repo: https://github.com/gitleaks/gitleaks\n  rev: v8\n  hooks: [{id: gitleaks}]\n',
      },
    ],
  ],
});
