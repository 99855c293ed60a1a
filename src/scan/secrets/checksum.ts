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
