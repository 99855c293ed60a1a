import { faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const INTROSPECTION = faultRule('introspection-without-issuer', {
  name: 'Introspection without a check of the issuer',
  severity: 'medium',
  cwe: [345, 863],
  why: 'The answer `active` only says that the server knows some valid token; one of another issuer, tenant or application opens this one too.',
  help: 'compare `iss` and `aud`',
  references: ['RFC 7662 section 4'],
  tags: TOKEN_TAGS,
});
