// Rules over secrets in configuration: where their values stand, and how old they are.
import type { SystemRule } from '../rule.ts';
import { age } from './secrets-config/age.ts';
import { annotationSecret } from './secrets-config/annotation.ts';
import { argumentSecret } from './secrets-config/argument.ts';
import { committed } from './secrets-config/committed.ts';
import { configMap } from './secrets-config/config-map.ts';
import { envLiteral } from './secrets-config/env-literal.ts';

export const SECRETS_CONFIG_RULES: readonly SystemRule[] = [
  committed,
  envLiteral,
  configMap,
  argumentSecret,
  annotationSecret,
  age,
];
