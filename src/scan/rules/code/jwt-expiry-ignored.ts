import { BCP, faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const EXPIRY_IGNORED = faultRule('jwt-expiry-ignored', {
  name: 'Expired tokens are accepted',
  severity: 'high',
  cwe: [613],
  why: 'A token that was stolen from a log, a browser or a former employee works for ever: its end is the only thing that takes it away.',
  help: 'check `exp`',
  references: [BCP, 'RFC 7519 section 4.1.4'],
  tags: TOKEN_TAGS,
});
