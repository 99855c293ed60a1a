import type { ObjectMeta } from '#model/resource.ts';
import { anything, also, list, object, optional, record, text, wrongType } from './check.ts';
import type { Check } from './check.ts';
import type { Scope } from './scope.ts';

const LABEL = /^[a-z0-9A-Z](?:[-a-z0-9A-Z_.]{0,61}[a-z0-9A-Z])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)*$/;

/** RFC 1123 subdomain, what most kinds are named by (Kubernetes, Object Names). */
export const subdomain: Check<string> = text({
  min: 1,
  max: 253,
  pattern: SUBDOMAIN,
  meaning: 'lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit',
});

/** RFC 1123 label: namespaces, port and container names. */
export const dnsLabel: Check<string> = text({
  min: 1,
  max: 63,
  pattern: /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  meaning: 'lower-case letters, digits and `-`, beginning and ending with a letter or digit',
});

/** Names that may be anything that fits one path segment of a URL (RBAC kinds). */
export const pathSegment: Check<string> = text({
  min: 1,
  max: 253,
  pattern: /^(?!\.{1,2}$)[^/%]*$/,
  meaning: 'without `/` and `%`',
});

/** Key of a label or annotation: an optional DNS prefix and `/`, then up to 63 characters. */
export const qualifiedName: Check<string> = (value, scope) => {
  if (typeof value !== 'string') return wrongType(value, 'a text', scope);
  const slash = value.indexOf('/');
  const prefix = slash === -1 ? undefined : value.slice(0, slash);
  const name = value.slice(slash + 1);
  if (LABEL.test(name) && (prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix)))) return value;
  scope.error(
    'key',
    `${scope.name()} is not a valid key`,
    'letters, digits, `-`, `_` and `.`, at most 63, with a DNS name and `/` before it if you like',
  );
  return undefined;
};

export const labelValue: Check<string> = text({
  pattern: /^(?:[a-z0-9A-Z](?:[-a-z0-9A-Z_.]{0,61}[a-z0-9A-Z])?)?$/,
  meaning: 'at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit',
});

export const labels: Check<Readonly<Record<string, string>>> = record(labelValue, qualifiedName);

/** Kubernetes looks at the key of an annotation in lower case. */
function annotationKey(value: unknown, scope: Scope): string | undefined {
  return qualifiedName(typeof value === 'string' ? value.toLowerCase() : value, scope);
}

/** Annotations hold anything, and sometimes secrets: a wrong value is never repeated. */
export const annotations: Check<Readonly<Record<string, string>>> = record(text(), annotationKey);

const FIELDS = object(
  {
    name: optional(text({ min: 1, max: 253 })),
    generateName: optional(text({ min: 1, max: 253 })),
    namespace: optional(dnsLabel),
    labels: optional(labels),
    annotations: optional(annotations),
    creationTimestamp: optional(text()),
    ownerReferences: optional(
      list(object({ kind: optional(text()), name: optional(text()), controller: optional(anything) }, { unknown: 'ignore' })),
    ),
    ...Object.fromEntries(
      [
        'uid',
        'resourceVersion',
        'generation',
        'selfLink',
        'finalizers',
        'managedFields',
        'deletionTimestamp',
        'deletionGracePeriodSeconds',
      ].map((name) => [name, optional(anything)]),
    ),
  },
  { unknown: 'warning' },
);

export interface Metadata {
  readonly meta: ObjectMeta;
  /** Another object made this one: the owner speaks for it. */
  readonly owned: boolean;
}

/**
 * Reads `metadata`.
 * @param nameCheck what names this kind allows
 * @param namespaced false for kinds that live outside namespaces
 */
export function readMetadata(
  raw: unknown,
  scope: Scope,
  nameCheck: Check<string>,
  namespaced: boolean,
  defaultNamespace: string,
): Metadata | undefined {
  if (raw === undefined || raw === null) {
    scope.error('required', 'the document needs `metadata` with a `name`');
    return undefined;
  }
  const fields = also(FIELDS, ({ name, generateName }, inner) => {
    if (name !== undefined) inner.at('name', () => nameCheck(name, inner));
    else if (generateName === undefined) inner.error('required', '`metadata` needs `name`');
  });
  const read = scope.at('metadata', () => fields(raw, scope));
  if (!read) return undefined;
  const namespace = namespaced ? (read.namespace ?? defaultNamespace) : '';
  const meta: ObjectMeta = {
    name: read.name ?? read.generateName!.replace(/-+$/, ''),
    namespace,
    labels: read.labels ?? {},
    annotations: read.annotations ?? {},
    ...(read.creationTimestamp === undefined ? {} : { creationTimestamp: read.creationTimestamp }),
  };
  return { meta, owned: (read.ownerReferences ?? []).length > 0 };
}
