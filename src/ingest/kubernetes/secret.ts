// Secrets: names and keys only. Values are dropped here, before anything else sees them.
import { didYouMean } from '#base/nearest.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import type { Scope } from '../scope.ts';

/** `kubectl apply` writes the whole object, values included, into this annotation. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const VALUES = ['data', 'stringData'] as const;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Whether a document's values must not be kept: Secrets, also when the kind is misspelled (`meant` is the kind it is near to) or
 * belongs to a tool that wraps Secrets, and whatever has `stringData`, which only they have.
 */
export function looksSecret(kind: string, meant: string | undefined, raw: RawObject): boolean {
  return /secret/i.test(kind) || meant === 'Secret' || 'stringData' in raw || ENCRYPTION.test(kind);
}

/** These hold keys below `secret`. */
const ENCRYPTION = /^EncryptionConfig(?:uration)?$/;
/** `sops` is what SOPS adds to a file that it encrypted. */
const MEMBERS = ['apiVersion', 'kind', 'metadata', 'type', 'immutable', 'sops'];

/**
 * The object without its values: every value below `data` and `stringData` becomes null, wherever these stand, and the applied copy
 * goes. Of a Secret itself only the members that hold no values stay, so that a misspelled `stringdata` is not kept either.
 */
export function withoutSecretValues(kind: string, raw: RawObject): RawObject {
  if (ENCRYPTION.test(kind)) return withoutKeys(raw, 0) as RawObject;
  if (kind !== 'Secret') return scrub(raw, 0) as RawObject;
  const kept = Object.fromEntries(MEMBERS.filter((name) => name in raw).map((name) => [name, scrub(raw[name], 0)]));
  for (const name of VALUES) if (name in raw) kept[name] = keysOnly(raw[name], 0);
  const certificates = certificatesOf(raw);
  if (certificates) kept['certificates'] = certificates;
  const placeholders = placeholdersOf(raw);
  if (placeholders.length > 0) kept['placeholders'] = placeholders;
  return kept;
}

/** Every text below a member `secret` becomes null. */
function withoutKeys(value: unknown, depth: number): unknown {
  if (depth > 100) return null;
  if (Array.isArray(value)) return value.map((item) => withoutKeys(item, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== '__proto__')
      .map(([name, member]) => [name, name === 'secret' && typeof member === 'string' ? null : withoutKeys(member, depth + 1)]),
  );
}

const PLACEHOLDER =
  /^(?:place-?holder|change-?me|change[-_ ]?this|replace[-_ ]?(?:me|this)|to-?do|tbd|dummy|redacted|example|your[-_ ][\w -]{1,60}|<[^>]{0,100}>|\$\{[^}]{0,100}\}|\$\([^)]{0,100}\)|\{\{[^}]{0,100}\}\}|[x*.]{1,60})?$/i;

/** Keys whose values only hold the place of a secret. */
function placeholdersOf(raw: RawObject): readonly string[] {
  return VALUES.flatMap((name) =>
    Object.entries(isObject(raw[name]) ? raw[name] : {}).flatMap(([key, value]) => {
      if (value !== null && (typeof value !== 'string' || value.length > 300)) return [];
      const text = name === 'data' ? Buffer.from(value ?? '', 'base64').toString('latin1') : (value ?? '');
      return PLACEHOLDER.test(text.trim()) ? [key] : [];
    }),
  );
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]{1,65536}-----END CERTIFICATE-----/g;
const CERTIFICATE_ENCODED = 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t';
const VALUE_SIZE_MAX = 1024 * 1024;

/** The certificates, which are public, of each value that has some: PEM blocks by key. Nothing else of a value is kept. */
function certificatesOf(raw: RawObject): Readonly<Record<string, string>> | undefined {
  const found: Record<string, string> = {};
  for (const name of VALUES) {
    for (const [key, value] of Object.entries(isObject(raw[name]) ? raw[name] : {})) {
      if (typeof value !== 'string' || value.length > VALUE_SIZE_MAX || key === '__proto__') continue;
      const encoded = name === 'data';
      if (!value.includes(encoded ? CERTIFICATE_ENCODED : '-----BEGIN CERTIFICATE-----')) continue;
      const blocks = (encoded ? Buffer.from(value, 'base64').toString('latin1') : value).match(CERTIFICATE);
      if (blocks) found[key] = `${blocks.join('\n')}\n`;
    }
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

function scrub(value: unknown, depth: number): unknown {
  if (depth > 100) return null;
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (name === LAST_APPLIED || name === '__proto__') continue;
    result[name] = (name === 'data' || name === 'stringData') && depth < 100 ? keysOnly(member, depth) : scrub(member, depth + 1);
  }
  return result;
}

/** Keys with null for values. A list is no place for values but for references (ExternalSecret), and is looked into. */
function keysOnly(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return scrub(value, depth + 1);
  if (!isObject(value)) return null;
  return Object.fromEntries(
    Object.keys(value)
      .filter((key) => key !== '__proto__')
      .map((key) => [key, null]),
  );
}

/** Whether the values have the right form is said without repeating them. */
export function checkSecretValues(raw: RawObject, scope: Scope): void {
  const known = [...MEMBERS, ...VALUES];
  for (const name of Object.keys(raw)) {
    if (known.includes(name)) continue;
    scope.at(name, () => scope.error('unknown-field', 'a Secret has no such field', () => didYouMean(name, known)));
  }
  for (const name of VALUES) {
    const values = raw[name];
    if (values === undefined || values === null) continue;
    scope.at(name, () => {
      if (!isObject(values)) {
        scope.error('type', `\`${name}\` must be a mapping`);
        return;
      }
      for (const [key, value] of Object.entries(values)) {
        scope.enter(key);
        if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
          scope.error('key', 'a key of a Secret holds letters, digits, `-`, `_` and `.` only');
        else if (typeof value !== 'string' && value !== null)
          scope.error('type', 'a value of a Secret must be a text', 'write it in quotes');
        else if (name === 'data' && !('sops' in raw) && typeof value === 'string' && !BASE64.test(value.replaceAll(/\s/g, ''))) {
          scope.error('base64', 'this value is not base64', 'encode it, or put it below `stringData` as it is');
        }
        scope.leave();
      }
    });
  }
}

/** The values are checked and dropped by the caller (import.ts), so that this reader never holds them. */
export const readSecret: KindReader = (document) => {
  const keysOf = (name: string): string[] => (isObject(document.raw[name]) ? Object.keys(document.raw[name]) : []);
  const keys = [...new Set([...keysOf('data'), ...keysOf('stringData')])];
  return { resource: resourceOf(document, 'Secret', undefined), part: { type: 'secret', keys } };
};
