// Request targets and authorities (RFC 9112 section 3.2, RFC 9110 sections 4.2 and 7.2).
import { HOST } from './chars.ts';

export interface Target {
  /** Origin form, or `*`. */
  readonly path: string;
  /** Authority of an absolute target, '' for other forms. */
  readonly authority: string;
}

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;
/** An escaped control byte in the path: no file, route or rule has one, and C code behind may stop at it (proxy hardening B 18). */
const ESCAPED_CONTROL = /%(?:[01][0-9a-f]|7f)/i;

/**
 * Takes the target apart. Its bytes are visible ASCII without `#` already.
 * @returns undefined when it has no form that the method may have: origin form for all, absolute form with http or https and no user
 *   information, `*` for OPTIONS only; authority form is CONNECT's, which is refused before
 */
export function readTarget(method: string, target: string): Target | undefined {
  if (target.charCodeAt(0) === 0x2f) return isPathClean(target) ? { path: target, authority: '' } : undefined;
  if (target === '*') return method === 'OPTIONS' ? { path: '*', authority: '' } : undefined;
  const parts = ABSOLUTE.exec(target);
  if (!parts) return undefined;
  const authority = parts[1]!;
  const rest = parts[2]!;
  if (!isAuthority(authority)) return undefined;
  // RFC 9112 section 3.2.4: OPTIONS with an absolute target that has no path means the server as a whole.
  if (rest === '') return { path: method === 'OPTIONS' ? '*' : '/', authority };
  const path = rest.startsWith('?') ? `/${rest}` : rest;
  return isPathClean(path) ? { path, authority } : undefined;
}

function isPathClean(path: string): boolean {
  if (!path.includes('%')) return true;
  const query = path.indexOf('?');
  return !ESCAPED_CONTROL.test(query === -1 ? path : path.slice(0, query));
}

/** Whether the text is `host` or `host:port`: a name, an IPv4 address or an IPv6 address in brackets; no user information, list or escape. */
export function isAuthority(text: string): boolean {
  let i = 0;
  if (text.charCodeAt(0) === 0x5b) {
    i = text.indexOf(']') + 1;
    if (i < 4 || i > 41 || !/^[0-9a-f:.]+$/i.test(text.slice(1, i - 1)) || !text.slice(1, i - 1).includes(':')) return false;
  } else {
    while (i < text.length && HOST[text.charCodeAt(i)] === 1) i++;
    if (i === 0 || i > 255) return false;
  }
  if (i === text.length) return true;
  if (text.charCodeAt(i) !== 0x3a) return false;
  const digits = text.length - i - 1;
  if (digits < 1 || digits > 5) return false;
  let port = 0;
  for (i++; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}

/** Whether two authorities name the same place for `scheme`: case does not matter, and the scheme's own port may be left out. */
export function sameAuthority(a: string, b: string, scheme: string): boolean {
  return withoutDefaultPort(a, scheme) === withoutDefaultPort(b, scheme);
}

function withoutDefaultPort(authority: string, scheme: string): string {
  const suffix = scheme === 'https' ? ':443' : ':80';
  const lower = authority.toLowerCase();
  return lower.endsWith(suffix) ? lower.slice(0, -suffix.length) : lower;
}
