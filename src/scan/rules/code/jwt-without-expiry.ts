import { BCP, faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const WITHOUT_EXPIRY = faultRule('jwt-without-expiry', {
  name: 'Tokens that never expire are issued',
  severity: 'medium',
  cwe: [613],
  why: 'A token that got lost cannot be taken back.',
  help: 'give tokens an end a few minutes away',
  references: [BCP],
  tags: TOKEN_TAGS,
});
