import type { FindingSeverity } from '#model/finding.ts';
import type { Path } from '#model/origin.ts';
import { memberOf, textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { nameOf, TOKEN_TAGS } from './common.ts';

const BITS_MIN = 2048;

export const jwtInlineKey = {
  id: 'mesh.jwt-inline-key',
  name: 'Key that makes tokens stands in the manifest',
  severity: 'critical',
  cwe: [321, 798],
  why: 'Whoever can read the manifest can sign tokens for anybody, with any claims.',
  help: 'give out the public half only, and make a new key: this one is known',
  references: ['RFC 7517 section 9.2', 'RFC 8725 section 3.5'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const policy of system.requestAuthentications) {
      for (const [index, rule] of (policy.spec.jwtRules ?? []).entries()) {
        if (rule.jwks === undefined) continue;
        const path: Path = ['spec', 'jwtRules', index, 'jwks'];
        if (rule.jwksHeldPrivateKey === true) {
          const title = `\`jwks\` of \`${nameOf(policy)}\` holds a private key`;
          yield { title, at: { resource: policy, path }, detail: `${index} private` };
        }
        for (const [i, key] of keysOf(rule.jwks).entries()) {
          const problem = problemOf(key);
          if (!problem) continue;
          yield {
            title: `\`jwks\` of \`${nameOf(policy)}\` ${problem.text}`,
            severity: problem.severity,
            at: { resource: policy, path },
            detail: `${index} ${i}`,
            ...(problem.message !== undefined && { message: problem.message }),
          };
        }
      }
    }
  },
} satisfies SystemRule;

function keysOf(text: string): readonly unknown[] {
  try {
    const keys = memberOf(JSON.parse(text), 'keys');
    return Array.isArray(keys) ? (keys as readonly unknown[]).slice(0, 100) : [];
  } catch {
    return [];
  }
}

function problemOf(
  key: unknown,
): { readonly text: string; readonly severity: FindingSeverity; readonly message?: string } | undefined {
  const type = textAt(key, 'kty');
  if (type === 'oct') return { text: 'holds a shared secret: who can verify with it can also sign', severity: 'critical' };
  const modulus = type === 'RSA' ? textAt(key, 'n') : undefined;
  if (modulus === undefined) return undefined;
  const bits = bitsOf(modulus);
  return bits === 0 || bits >= BITS_MIN
    ? undefined
    : {
        text: `holds an RSA key of ${bits} bits`,
        severity: 'high',
        message:
          'A key this short can be broken; who does so signs tokens for anybody. 2048 bits are the least that is safe (NIST SP 800-131A).',
      };
}

function bitsOf(modulus: string): number {
  const bytes = Buffer.from(modulus.slice(0, 10_000), 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first]!) - 24);
}
