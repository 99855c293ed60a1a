import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Scope } from '../scope.ts';

// RFC 7518 section 6: members that only the owner of a key knows. `k` of a symmetric key is the key itself and stays.
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};

/**
 * Checks the text of a JWK set (RFC 7517 section 5) or of a single key, and takes private parts out of it.
 * @returns the text to keep: as written, or without the private members that were warned about. Undefined when it is not a JWK set.
 */
export function readJwks(text: string, scope: Scope): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!isObject(parsed)) {
    scope.error('jwks', '`jwks` is not a JSON Web Key Set', 'write the whole JSON text, `{"keys": […]}`, in quotes');
    return undefined;
  }
  const keys = Array.isArray(parsed['keys']) ? (parsed['keys'] as readonly unknown[]) : 'keys' in parsed ? [undefined] : [parsed];
  const faults = keys.map(faultOf).filter((fault) => fault !== undefined);
  for (const fault of new Set(faults)) scope.error('jwks', `\`jwks\` holds a key that cannot be used: ${fault}`);
  if (faults.length > 0) return undefined;
  const secret = keys.some((key) => isObject(key) && PRIVATE.some((name) => name in key));
  if (!secret) return text;
  scope.warn(
    'jwks-private',
    '`jwks` holds a private key; only public keys belong here',
    'replace it by the public part, and make a new key: this one has been seen',
  );
  const stripped = keys.map((key) =>
    Object.fromEntries(Object.entries(key as RawObject).filter(([name]) => !PRIVATE.includes(name))),
  );
  return JSON.stringify({ keys: stripped });
}

function faultOf(key: unknown): string | undefined {
  if (!isObject(key)) return 'it is not an object';
  const type = key['kty'];
  if (typeof type !== 'string' || !Object.hasOwn(NEEDED, type)) return 'its `kty` is none of RSA, EC, OKP and oct';
  const missing = NEEDED[type]!.find((name) => typeof key[name] !== 'string' || key[name] === '');
  return missing === undefined ? undefined : `a key of type ${type} needs \`${missing}\``;
}
