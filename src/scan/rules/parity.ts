// Rules over environments that stand beside each other.
import type { SystemRule } from '../rule.ts';
import { parityImage } from './parity/image.ts';
import { paritySecurity } from './parity/security.ts';

export const PARITY_RULES: readonly SystemRule[] = [paritySecurity, parityImage];
