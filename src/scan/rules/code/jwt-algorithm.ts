import { BCP, faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const ALGORITHM = faultRule('jwt-algorithm', {
  name: 'Algorithm of tokens is not fixed',
  severity: 'high',
  cwe: [347, 327],
  why: 'The token itself says how it is to be verified. An attacker chooses `none`, or HMAC with the public key as its secret.',
  help: 'name the algorithms that the issuer uses',
  references: [BCP, 'RFC 8725 section 3.1'],
  tags: TOKEN_TAGS,
});
