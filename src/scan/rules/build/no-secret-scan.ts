import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { missing } from './scans.ts';

export const NO_SECRET_SCAN = {
  id: 'build.no-secret-scan',
  name: 'Build without secret scanning',
  severity: 'medium',
  cwe: [540, 798],
  why: 'A key that slips into a commit stays in its history for everybody who can read the repository; without a scan it is found by others first.',
  help: 'scan for secrets in the pipeline and before each commit',
  references: ['OWASP CICD-SEC-6', 'NIST SP 800-218 PS.1'],
  tags: ['owasp-cicd:6', 'pci-dss:6.2.4', 'soc2:CC6.1'],
  *check(repository: Repository) {
    yield* missing(repository, 'secret', 'secrets', '- run: npx cullis gate .\n');
  },
} satisfies SubjectRule<Repository>;
