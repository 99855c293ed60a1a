import type { SystemRule } from '../../rule.ts';
import { parityHits, parityOf } from './hits.ts';

export const parityImage = {
  id: 'parity.image',
  name: 'Environments that run different images',
  severity: 'medium',
  cwe: [1104],
  why: 'What was tested is not what runs: a repair is missing where the version is older, and nobody has tried what is newer.',
  help: 'Promote the same image, by its digest, from one environment to the next.',
  references: ['NIST SP 800-190 section 4.2', 'PCI DSS 4.0.1 requirement 6.5'],
  tags: ['pci-dss:6.5.1', 'nsa-k8s:upgrade', 'soc2:CC8.1'],
  check: function* ({ system }) {
    for (const result of parityOf(system)) yield* parityHits(result, 'image');
  },
} as const satisfies SystemRule;
