import { claimRule } from './claim-rule.ts';

export const jwtIssuer = claimRule(
  'issuer',
  {
    id: 'mesh.jwt-issuer',
    name: 'Issuer of tokens is not checked',
    severity: 'medium',
    cwe: [345, 287],
    why: 'Every token that one of the keys has signed is good, whoever made it: another tenant of the same identity provider, another realm, a test system with the same keys.',
    help: 'name the issuer',
    references: ['RFC 8725 section 3.8', 'RFC 7519 section 4.1.1'],
  },
  ({ name }) => `${name} takes tokens of any issuer`,
);
