import type { Repository } from '../../pipelines/github.ts';
import type { SubjectRule } from '../../rule.ts';
import { missing } from './scans.ts';

export const NO_DEPENDENCY_SCAN = {
  id: 'build.no-dependency-scan',
  name: 'Build without dependency scanning',
  severity: 'medium',
  cwe: [1104, 1395],
  why: 'Known holes in libraries and base images go into every build, and nobody learns of them: most break-ins through dependencies use holes that were public for months.',
  help: 'scan dependencies and images in the pipeline, and let a bot raise versions',
  references: ['OWASP CICD-SEC-3', 'NIST SP 800-218 PW.4'],
  tags: ['owasp-cicd:3', 'pci-dss:6.3.2', 'soc2:CC7.1'],
  *check(repository: Repository) {
    yield* missing(repository, 'dependency', 'vulnerable dependencies', '- run: npx cullis gate .\n');
  },
} satisfies SubjectRule<Repository>;
