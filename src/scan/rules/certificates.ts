// Certificates in files, manifests, images and source code.
import type { SubjectRule, SystemRule } from '../rule.ts';
import type { CertificateSubject } from './certificates/common.ts';
import { HOST_MISMATCH } from './certificates/host-mismatch.ts';
import { AUTHORITY_AS_SERVER } from './certificates/authority-as-server.ts';
import { KEY_MISMATCH } from './certificates/key-mismatch.ts';
import { SELF_SIGNED } from './certificates/self-signed.ts';
import { WEAK_KEY } from './certificates/weak-key.ts';
import { WEAK_SIGNATURE } from './certificates/weak-signature.ts';
import { WILDCARD } from './certificates/wildcard.ts';
import { EXPIRED } from './certificates/expired.ts';
import { EXPIRING } from './certificates/expiring.ts';
import { LONG_VALIDITY } from './certificates/long-validity.ts';
import { SUPERSEDED } from './certificates/superseded.ts';

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
