import { BCP, faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const CLAIMS_UNCHECKED = faultRule('jwt-claims-unchecked', {
  name: 'Issuer or audience of tokens is not checked',
  severity: 'medium',
  cwe: [345, 863],
  why: 'A token that the same key signed for another application, tenant or environment opens this one too.',
  help: 'compare `iss` and `aud` with what this service expects',
  references: [BCP, 'RFC 8725 sections 3.8 and 3.9'],
  tags: TOKEN_TAGS,
});
