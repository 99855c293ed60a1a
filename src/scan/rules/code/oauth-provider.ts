import { faultRule } from './fault-rule.ts';

export const PROVIDER = faultRule('oauth-provider', {
  name: 'OAuth flow or setting that is out of use',
  severity: 'medium',
  cwe: [287],
  why: 'Tokens in addresses, codes without PKCE, open registration and loose redirect addresses are what attackers of OAuth clients start from.',
  help: 'change the configuration',
  references: ['RFC 9700'],
  tags: ['owasp-api:API2:2023'],
});
