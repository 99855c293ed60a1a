// Verifiers that leave `iss`, `aud` or `exp` unlooked at.
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { TOKEN_TAGS } from './common.ts';
import { jwtVerifiers } from './jwt-verifiers.ts';
import type { JwtVerifier } from './jwt-verifiers.ts';

function ruleFor(
  claim: 'issuer' | 'audience' | 'expiry',
  info: Pick<SystemRule, 'id' | 'name' | 'severity' | 'cwe' | 'why' | 'help' | 'references'>,
  title: (verifier: JwtVerifier) => string,
): SystemRule {
  return {
    ...info,
    tags: TOKEN_TAGS,
    *check({ system }: ScanContext): Generator<Hit> {
      for (const verifier of jwtVerifiers(system.resources)) {
        if (verifier[claim] === 'checked' || verifier.toldElsewhere === true) continue;
        const yaml = verifier.fix[claim];
        yield {
          title: title(verifier),
          at: { resource: verifier.resource, path: verifier.path },
          ...(yaml !== '' && { fix: { text: info.help, yaml } }),
        };
      }
    },
  };
}

export const jwtIssuer = ruleFor(
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

export const jwtAudience = ruleFor(
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

export const jwtExpiry = ruleFor(
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
