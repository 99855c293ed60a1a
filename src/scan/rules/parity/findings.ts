import type { Finding } from '#model/finding.ts';
import type { ParityResult } from '../../parity/face.ts';
import { findingOf } from '../../rule.ts';
import { parityHits } from './hits.ts';
import { parityImage } from './image.ts';
import { paritySecurity } from './security.ts';

/** Findings of a comparison of two systems (parity). */
export function parityFindings(result: ParityResult): readonly Finding[] {
  return [
    ...[...parityHits(result, 'security')].map((hit) => findingOf(paritySecurity, hit)),
    ...[...parityHits(result, 'image')].map((hit) => findingOf(parityImage, hit)),
  ];
}
