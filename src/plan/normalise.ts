// Target normalisation: done once, and the same string is judged by policy and forwarded (Istio meshConfig.pathNormalization).
import type { PathNormalization } from '#model/istio.ts';

export type NormalizedTarget =
  | {
      readonly ok: true;
      /** Path and query as forwarded. */
      readonly target: string;
      /** Without the query: what policy sees. */
      readonly path: string;
      /** With its leading `?`, or ''. */
      readonly query: string;
    }
  | { readonly ok: false; readonly reason: string };

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const HASH = 0x23;
const QUESTION = 0x3f;

/**
 * Normalises an origin-form request target (RFC 9112 section 3.2.1).
 *
 * - `NONE` leaves the path alone; `BASE` turns `\` into `/`, decodes unreserved characters once and removes dot segments
 *   (RFC 3986 sections 6.2.2.2 and 5.2.4); `MERGE_SLASHES` then collapses runs of `/`; `DECODE_AND_MERGE_SLASHES` first
 *   decodes `%2f` and `%5c`.
 * - The fragment is cut, as Istio's proxies do; it never reaches policy or upstream.
 * - Bytes outside 0x21-0x7e anywhere, and `%00` in the path, are refused in every mode.
 * - The query is not touched.
 *
 * @param target origin-form; absolute-form is reduced by the caller
 * @returns the target to judge and forward, or the reason for a 400
 * @example normalizeTarget('/a/../b?c', 'BASE') // { ok: true, target: '/b?c', path: '/b', query: '?c' }
 */
export function normalizeTarget(target: string, mode: PathNormalization): NormalizedTarget {
  if (target.charCodeAt(0) !== SLASH) return { ok: false, reason: 'request target must start with /' };
  const length = target.length;
  let pathEnd = -1;
  let end = length;
  let escapes = false;
  let dirty = false;
  let before = 0;
  for (let i = 0; i < length; i++) {
    const code = target.charCodeAt(i);
    if (code <= 0x20 || code >= 0x7f) return { ok: false, reason: 'request target holds a character outside printable ASCII' };
    if (end !== length) continue;
    if (code === HASH) end = i;
    else if (pathEnd < 0) {
      if (code === QUESTION) pathEnd = i;
      else if (code === PERCENT) escapes = true;
      else if (code === BACKSLASH || (before === SLASH && (code === SLASH || code === DOT))) dirty = true;
      before = code;
    }
  }
  if (pathEnd < 0) pathEnd = end;
  if (!escapes && (!dirty || mode === 'NONE')) return split(target, pathEnd, end);
  const path = target.slice(0, pathEnd);
  if (escapes && hasNul(path)) return { ok: false, reason: 'request path holds an encoded NUL' };
  if (mode === 'NONE') return split(target, pathEnd, end);
  const clean = normalizePath(path, mode, escapes);
  const query = target.slice(pathEnd, end);
  return { ok: true, target: query === '' ? clean : clean + query, path: clean, query };
}

function split(target: string, pathEnd: number, end: number): NormalizedTarget {
  const whole = end === target.length ? target : target.slice(0, end);
  return pathEnd === end
    ? { ok: true, target: whole, path: whole, query: '' }
    : { ok: true, target: whole, path: whole.slice(0, pathEnd), query: whole.slice(pathEnd) };
}

/** `%00`, also where a malformed escape stands before it. */
function hasNul(path: string): boolean {
  return path.includes('%00');
}

function normalizePath(path: string, mode: PathNormalization, escapes: boolean): string {
  let text = path;
  if (escapes) {
    if (mode === 'DECODE_AND_MERGE_SLASHES') text = decodeSlashes(text);
    text = decodeUnreserved(text);
  }
  if (text.includes('\\')) text = text.replaceAll('\\', '/');
  if (text.includes('/.')) text = removeDotSegments(text);
  if (mode !== 'BASE' && text.includes('//')) text = text.replace(/\/{2,}/g, '/');
  return text;
}

function decodeSlashes(text: string): string {
  return text.replace(/%(?:2[fF]|5[cC])/g, (escape) => (escape.charCodeAt(1) === 0x32 ? '/' : '\\'));
}

/**
 * Decodes `%2d %2e %30-39 %41-5a %5f %61-7a %7e` in one pass. An escape that stands right behind a dangling `%` or `%H` is left
 * as it is: decoding it could write a new escape that was not there when policy looked.
 */
function decodeUnreserved(text: string): string {
  let out = '';
  let from = 0;
  for (let i = text.indexOf('%'); i >= 0; i = text.indexOf('%', i)) {
    const code = escapeAt(text, i);
    if (code < 0) {
      i += 1;
      continue;
    }
    if (isUnreserved(code) && !dangles(out, text, from, i)) {
      out += text.slice(from, i) + String.fromCharCode(code);
      from = i + 3;
    }
    i += 3;
  }
  return from === 0 ? text : out + text.slice(from);
}

/** Whether what was written so far ends in a `%` or `%H` that is not part of a whole escape. */
function dangles(out: string, text: string, from: number, i: number): boolean {
  const last = i > from ? text.charCodeAt(i - 1) : out.charCodeAt(out.length - 1);
  if (last === PERCENT) return true;
  if (hexValue(last) < 0) return false;
  const at = i - from;
  const beforeLast = at >= 2 ? text.charCodeAt(i - 2) : out.charCodeAt(out.length - 2 + at);
  return beforeLast === PERCENT;
}

function escapeAt(text: string, i: number): number {
  const high = hexValue(text.charCodeAt(i + 1));
  const low = hexValue(text.charCodeAt(i + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}

function isUnreserved(code: number): boolean {
  if (code >= 0x61) return code <= 0x7a || code === 0x7e;
  if (code >= 0x41) return code <= 0x5a || code === 0x5f;
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2e;
}

/** RFC 3986 section 5.2.4; an empty segment counts as one, so `/a//../b` becomes `/a/b`. */
function removeDotSegments(text: string): string {
  const segments: string[] = [];
  const parts = text.split('/');
  const last = parts.length - 1;
  for (let i = 1; i <= last; i++) {
    const part = parts[i] as string;
    if (part === '..') segments.pop();
    else if (part !== '.') {
      segments.push(part);
      continue;
    }
    if (i === last) segments.push('');
  }
  return `/${segments.join('/')}`;
}
