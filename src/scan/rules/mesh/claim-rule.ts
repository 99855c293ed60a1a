// Verifiers that leave `iss`, `aud` or `exp` unlooked at.
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { TOKEN_TAGS } from './common.ts';
import { jwtVerifiers } from './jwt-verifiers.ts';
import type { JwtVerifier } from './jwt-verifiers.ts';

/**
 * A rule that one claim is checked.
 * @param title one line about a verifier that does not
 */
export function claimRule(
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
