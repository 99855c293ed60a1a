import { CLOUD_RULES } from './rules/cloud.ts';
import { CODE_RULES } from './rules/code.ts';
import { DATA_RULES, KEY_RULES } from './rules/data.ts';
import { GENERIC_RULES } from './rules/generic.ts';
import { OPERATIONS_RULES } from './rules/operations.ts';
import { AI_RULES, IDENTITY_RULES, MESSAGING_RULES, PAYMENT_RULES } from './rules/services.ts';
import type { SecretRule } from './rule.ts';

/** Every kind of secret that is known out of the box. Ids are stable for ever. */
export const SECRET_RULES: readonly SecretRule[] = [
  ...CLOUD_RULES,
  ...CODE_RULES,
  ...AI_RULES,
  ...PAYMENT_RULES,
  ...MESSAGING_RULES,
  ...IDENTITY_RULES,
  ...OPERATIONS_RULES,
  ...DATA_RULES,
  ...KEY_RULES,
  ...GENERIC_RULES,
];
