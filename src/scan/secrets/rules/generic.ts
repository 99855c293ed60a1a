// Values with a telling name, of no kind that is known.
import { genericAssignment } from '../match/generic.ts';
import { GENERIC_KEYWORDS } from '../match/names.ts';
import type { SecretRule } from '../rule.ts';

export const GENERIC_RULES: readonly SecretRule[] = [
  {
    id: 'generic-api-key',
    name: 'value that a telling name is given',
    family: 'generic',
    severity: 'medium',
    keywords: GENERIC_KEYWORDS,
    match: genericAssignment,
    entropy: 0,
    machineMade: false,
    rank: 0,
  },
];
