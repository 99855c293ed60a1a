import { BCP, faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const SIGNATURE_UNVERIFIED = faultRule('jwt-signature-unverified', {
  name: 'Signature of tokens is not verified',
  severity: 'high',
  cwe: [347],
  why: 'Anybody writes a token with any name and role in it, and the service believes it.',
  help: 'verify the signature with the key of the issuer',
  references: [BCP, 'RFC 8725 section 3.3'],
  tags: TOKEN_TAGS,
});
