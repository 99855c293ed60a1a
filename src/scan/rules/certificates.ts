// Certificates in files, manifests, images and source code.
import type { SubjectRule, SystemRule } from '../rule.ts';
import type { CertificateSubject } from './certificates/common.ts';
import { HOST_MISMATCH } from './certificates/hosts.ts';
import { AUTHORITY_AS_SERVER, KEY_MISMATCH, SELF_SIGNED, WEAK_KEY, WEAK_SIGNATURE, WILDCARD } from './certificates/quality.ts';
import { EXPIRED, EXPIRING, LONG_VALIDITY, SUPERSEDED } from './certificates/validity.ts';

export const CERTIFICATE_RULES: readonly SubjectRule<CertificateSubject>[] = [
  EXPIRED,
  EXPIRING,
  SUPERSEDED,
  KEY_MISMATCH,
  WEAK_KEY,
  WEAK_SIGNATURE,
  AUTHORITY_AS_SERVER,
  SELF_SIGNED,
  LONG_VALIDITY,
  WILDCARD,
];

export const CERTIFICATE_SYSTEM_RULES: readonly SystemRule[] = [HOST_MISMATCH];
