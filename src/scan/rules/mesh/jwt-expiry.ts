import { claimRule } from './claim-rule.ts';

export const jwtExpiry = claimRule(
  'expiry',
  {
    id: 'mesh.jwt-expiry',
    name: 'Expiry of tokens is not checked',
    severity: 'high',
    cwe: [613, 347],
    why: 'A token is good for ever: one from a log, a backup or a device that was lost lets its finder in for as long as the key lives.',
    help: 'have `exp` verified and demanded',
    references: ['RFC 8725 section 3.10', 'RFC 7519 section 4.1.4'],
  },
  ({ name }) => `${name} takes tokens that have expired, or never do`,
);
