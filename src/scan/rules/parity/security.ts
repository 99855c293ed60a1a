import type { SystemRule } from '../../rule.ts';
import { parityHits, parityOf } from './hits.ts';

export const paritySecurity = {
  id: 'parity.security',
  name: 'Environments that differ in security',
  severity: 'medium',
  cwe: [1188],
  why: 'What was tested before is not what runs: a protection that only the first environment has is not there where it counts, and one that only the last has is first tried out by customers.',
  help: 'Put what both need into the common base, and leave hosts, sizes and names to the overlays.',
  references: ['NIST SP 800-190', 'PCI DSS 4.0.1 requirement 6.5'],
  tags: ['pci-dss:6.5.1', 'soc2:CC8.1'],
  check: function* ({ system }) {
    for (const result of parityOf(system)) yield* parityHits(result, 'security');
  },
} as const satisfies SystemRule;
