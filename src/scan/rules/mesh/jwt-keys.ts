// Where verification keys come from, and keys that should not stand in a manifest.
import type { Path } from '#model/origin.ts';
import { memberOf, textAt } from '../../reach/raw.ts';
import type { FindingSeverity } from '#model/finding.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { nameOf, TOKEN_TAGS } from './common.ts';
import { jwtVerifiers } from './jwt-verifiers.ts';

export const jwtKeysPlain = {
  id: 'mesh.jwt-keys-plaintext',
  name: 'Keys for tokens fetched over plain HTTP',
  severity: 'high',
  cwe: [319, 345],
  why: 'Whoever stands between the mesh and the identity provider, or answers for its name, gives out a key of his own, and makes tokens for anybody.',
  help: 'fetch the keys over HTTPS',
  references: ['RFC 8725 section 3.10', 'https://istio.io/latest/docs/reference/config/security/request_authentication/'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const { keysUrl, name, resource } of jwtVerifiers(system.resources)) {
      if (keysUrl === undefined || !/^http:\/\//i.test(keysUrl.value)) continue;
      const host = URL.parse(keysUrl.value)?.hostname ?? '';
      if (/^(?:localhost|127\.|\[::1\])/.test(host)) continue;
      // Inside the cluster the mesh may encrypt, but istiod, which fetches them, is no part of it.
      const inside = !host.includes('.') || /\.svc(?:\.|$)|\.local$/.test(host);
      yield {
        title: `${name} fetches the keys for tokens over plain HTTP from \`${host.slice(0, 120)}\``,
        severity: inside ? 'medium' : 'high',
        at: { resource, path: keysUrl.path },
        fix: { text: 'use HTTPS' },
      };
    }
  },
} satisfies SystemRule;

export const jwtInUrl = {
  id: 'mesh.jwt-in-url',
  name: 'Tokens in the address',
  severity: 'medium',
  cwe: [598],
  why: 'Addresses are kept in logs of proxies and servers, in histories and in the Referer that the next site gets; with a token in it, each of these lets its reader in.',
  help: 'take tokens from the header `Authorization`, or from a cookie for browsers',
  references: ['RFC 6750 section 5.3', 'RFC 9700 section 4.3.2'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const { parameters, name, resource } of jwtVerifiers(system.resources)) {
      if (parameters === undefined) continue;
      yield {
        title: `${name} takes tokens from the address: ${parameters.names
          .slice(0, 3)
          .map((each) => `\`?${each.slice(0, 40)}=\``)
          .join(', ')}`,
        at: { resource, path: parameters.path },
      };
    }
  },
} satisfies SystemRule;

export const jwtForwarded = {
  id: 'mesh.jwt-forwarded',
  name: 'Tokens are passed on to the workload',
  severity: 'info',
  cwe: [522],
  why: "The workload, its logs and whatever it calls get the caller's token, and can use it in the caller's name wherever it is good.",
  help: 'pass on the claims that are needed (`outputClaimToHeaders`) instead of the token',
  references: ['https://istio.io/latest/docs/reference/config/security/jwt/', 'RFC 8725 section 3.9'],
  tags: TOKEN_TAGS,
  *check({ system }: ScanContext): Generator<Hit> {
    for (const policy of system.requestAuthentications) {
      for (const [index, rule] of (policy.spec.jwtRules ?? []).entries()) {
        if (rule.forwardOriginalToken !== true) continue;
        yield {
          title: `\`${nameOf(policy)}\` passes tokens on to the workload`,
          at: { resource: policy, path: ['spec', 'jwtRules', index, 'forwardOriginalToken'] },
        };
      }
    }
  },
} satisfies SystemRule;

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
