// Checksums that issuers put into their tokens, so that a look-alike is told without asking anybody.
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * GitHub's and npm's tokens end in six digits of base 62: the CRC-32 of what stands between the prefix and them.
 * (GitHub, "Behind GitHub's new authentication token formats", 2021)
 */
export function hasCrc32Tail(token: string): boolean {
  const body = token.slice(token.indexOf('_') + 1);
  if (body.length < 8) return false;
  return base62(crc32(Buffer.from(body.slice(0, -6), 'latin1'))) === body.slice(-6);
}

function base62(value: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = BASE62[rest % 62] + text;
  return text.padStart(6, '0');
}

/** Whether the first part of a compact JWS is a JOSE header (RFC 7515 section 4): a JSON object with `alg`, or `enc` for a JWE. */
export function isJoseHeader(token: string): boolean {
  const header = Buffer.from(token.slice(0, Math.max(0, token.indexOf('.'))), 'base64url').toString('utf8');
  try {
    const value: unknown = JSON.parse(header);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && 'alg' in value;
  } catch {
    return false;
  }
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The account that an AWS access key id of the present format belongs to (bits 1 to 40 of its base-32 part); undefined for older ids. */
export function awsAccountOf(keyId: string): string | undefined {
  const tail = keyId.slice(4);
  if (tail.length !== 16 || !/^[Q-Z2-7]/.test(tail)) return undefined;
  let bits = 0n;
  for (const char of tail) {
    const digit = BASE32.indexOf(char);
    if (digit < 0) return undefined;
    bits = (bits << 5n) | BigInt(digit);
  }
  return ((bits >> 39n) & 0xff_ffff_ffffn).toString().padStart(12, '0');
}
