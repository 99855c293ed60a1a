import { BCP, faultRule, TOKEN_TAGS } from './fault-rule.ts';

export const SECRET = faultRule('jwt-secret', {
  name: 'Key of tokens in the source',
  severity: 'high',
  cwe: [798, 321],
  why: 'Whoever reads the source, an image or an old commit signs tokens for any user.',
  help: 'read the key from a Secret or vault, and make a new one',
  references: [BCP, 'RFC 8725 section 3.5'],
  tags: [...TOKEN_TAGS, 'pci-dss:8.6.2'],
});
