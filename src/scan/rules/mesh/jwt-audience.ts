import { claimRule } from './claim-rule.ts';

export const jwtAudience = claimRule(
  'audience',
  {
    id: 'mesh.jwt-audience',
    name: 'Audience of tokens is not checked',
    severity: 'medium',
    cwe: [345, 863],
    why: "A token that was made for another application is good here too: whoever runs that application, or breaks into it, can use its visitors' tokens here.",
    help: 'name the audience that tokens for this service carry',
    references: ['RFC 8725 section 3.9', 'RFC 7519 section 4.1.3'],
  },
  ({ name }) => `${name} takes tokens that were made for other applications: it names no audience`,
);
