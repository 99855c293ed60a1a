import { buildFindingsOf, step, workflow } from '../../../../test/fakes/pipelines.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { SCAN_NOT_ENFORCED } from './scan-not-enforced.ts';

testRuleBy(SCAN_NOT_ENFORCED, buildFindingsOf, {
  fails: [
    ['the shell goes on', workflow(step('docker build .') + step('trivy fs . || true')), 'low', 'low'],
    [
      'the workflow goes on',
      workflow(step('docker build .') + step('gitleaks detect', '        continue-on-error: true\n') + step('grype dir:.')),
      'low',
    ],
  ],
  passes: [
    [
      'another scan of the kind stops the build',
      workflow(step('gitleaks detect || true') + step('trufflehog git file://. --fail')),
    ],
    ['both stop it', workflow(step('docker build .') + step('trivy fs .'))],
  ],
});
