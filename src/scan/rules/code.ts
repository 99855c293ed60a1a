// Application code in JavaScript, TypeScript, Python, Java, Kotlin and Go.
import type { CodeFile } from '../code/fault.ts';
import type { SubjectRule } from '../rule.ts';
import {
  ALGORITHM,
  CLAIMS_UNCHECKED,
  EXPIRY_IGNORED,
  INTROSPECTION,
  PROVIDER,
  SECRET,
  SIGNATURE_UNVERIFIED,
  TLS_OFF,
  WITHOUT_EXPIRY,
} from './code/rules.ts';

export const CODE_RULES: readonly SubjectRule<CodeFile>[] = [
  EXPIRY_IGNORED,
  SIGNATURE_UNVERIFIED,
  ALGORITHM,
  CLAIMS_UNCHECKED,
  SECRET,
  WITHOUT_EXPIRY,
  TLS_OFF,
  INTROSPECTION,
  PROVIDER,
];
