// Application code in JavaScript, TypeScript, Python, Java, Kotlin and Go.
import type { CodeFile } from '../code/fault.ts';
import type { SubjectRule } from '../rule.ts';
import { ALGORITHM } from './code/jwt-algorithm.ts';
import { CLAIMS_UNCHECKED } from './code/jwt-claims-unchecked.ts';
import { EXPIRY_IGNORED } from './code/jwt-expiry-ignored.ts';
import { INTROSPECTION } from './code/introspection-without-issuer.ts';
import { PROVIDER } from './code/oauth-provider.ts';
import { SECRET } from './code/jwt-secret.ts';
import { SIGNATURE_UNVERIFIED } from './code/jwt-signature-unverified.ts';
import { TLS_OFF } from './code/tls-verification-off.ts';
import { WITHOUT_EXPIRY } from './code/jwt-without-expiry.ts';

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
