// Keys and values of AuthorizationPolicy rules, checked as Istio's admission does (reference: Authorization Policy Conditions).
import { parseIpRange } from '#base/ip-set.ts';
import { didYouMean } from '#base/nearest.ts';
import { shorten } from '../scope.ts';
import type { Scope } from '../scope.ts';

/** A check of one text; tells what is wrong in the scope. */
export type ValueCheck = (value: string, scope: Scope) => void;

export const notEmpty: ValueCheck = (value, scope) => {
  if (value === '') scope.error('empty', `${scope.name()} must not be an empty text`);
};

export const ipOrCidr: ValueCheck = (value, scope) => {
  if (value === '') scope.error('empty', `${scope.name()} must not be an empty text`);
  else if (parseIpRange(value) === undefined)
    scope.error('ip', `\`${shorten(value)}\` is neither an address nor a range such as \`10.0.0.0/8\``);
};

export const portText: ValueCheck = (value, scope) => {
  if (!/^\d{1,20}$/.test(value) || Number(value) > 65_535)
    scope.error('port', `\`${shorten(value)}\` is not a port from 0 to 65535`);
};

/** `sa` or `namespace/sa`, taken literally. */
export const serviceAccount: ValueCheck = (value, scope) => {
  const parts = value.split('/');
  if (value === '') scope.error('empty', `${scope.name()} must not be an empty text`);
  else if (value.length > 320) scope.error('too-long', `${scope.name()} has ${value.length} characters; at most 320 are allowed`);
  else if (value.includes('*'))
    scope.error(
      'wildcard',
      `\`${shorten(value)}\` holds a wildcard, which a service account cannot`,
      'use `principals` for patterns',
    );
  else if (parts.length > 2 || parts.includes(''))
    scope.error('value', `\`${shorten(value)}\` is not a service account`, 'write `name` or `namespace/name`');
};

/** Exact, `prefix*`, `*suffix` or `*`. */
export const trustDomain: ValueCheck = (value, scope) => {
  if (value === '') scope.error('empty', `${scope.name()} must not be an empty text`);
  else if (value.includes('/')) scope.error('value', `\`${shorten(value)}\` is not a trust domain: it holds a \`/\``);
  else if (value.slice(1, -1).includes('*') || (value.length > 1 && value.startsWith('*') && value.endsWith('*'))) {
    scope.error(
      'wildcard',
      `\`${shorten(value)}\` holds a \`*\` where none may stand`,
      'one `*`, at the beginning or at the end',
    );
  }
};

const SEGMENT = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;

/** A path, or a template of `{*}` (one segment) and `{**}` (any number, last operator). */
export const pathOrTemplate: ValueCheck = (value, scope) => {
  if (value === '') {
    scope.error('empty', `${scope.name()} must not be an empty text`);
    return;
  }
  const template = value.includes('{*}') || value.includes('{**}');
  let ended = false;
  for (const segment of value.replace(/^\/+|\/+$/g, '').split('/')) {
    if (segment === '{*}' || segment === '{**}') {
      if (ended) {
        scope.error('path-template', `in \`${shorten(value)}\` an operator follows \`{**}\`, which must be the last one`);
        return;
      }
      ended = segment === '{**}';
    } else if (/[{}]/.test(segment)) {
      scope.error(
        'path-template',
        `\`${shorten(segment)}\` in \`${shorten(value)}\` is not an operator`,
        'only whole segments `{*}` and `{**}` are',
      );
      return;
    } else if (template && value !== '/' && !SEGMENT.test(segment)) {
      const what = segment === '' ? 'an empty segment' : `the segment \`${shorten(segment)}\``;
      scope.error(
        'path-template',
        `the template \`${shorten(value)}\` holds ${what}, which it cannot`,
        'a template has no `*` beside its operators',
      );
      return;
    }
  }
};

interface KeyRow {
  /** `map`: the key carries a name in brackets. */
  readonly form: 'plain' | 'map';
  readonly value: ValueCheck;
  /** Who may not use it with action CUSTOM: it needs an identity that is not known yet. */
  readonly identity?: true;
}

/** Every key a condition may have. */
export const CONDITION_KEYS: Readonly<Record<string, KeyRow>> = {
  'request.headers': { form: 'map', value: notEmpty },
  'source.ip': { form: 'plain', value: ipOrCidr },
  'remote.ip': { form: 'plain', value: ipOrCidr },
  'source.namespace': { form: 'plain', value: notEmpty, identity: true },
  'source.principal': { form: 'plain', value: notEmpty, identity: true },
  'source.serviceAccount': { form: 'plain', value: serviceAccount, identity: true },
  'source.trustDomain': { form: 'plain', value: trustDomain, identity: true },
  'request.auth.principal': { form: 'plain', value: notEmpty, identity: true },
  'request.auth.audiences': { form: 'plain', value: notEmpty, identity: true },
  'request.auth.presenter': { form: 'plain', value: notEmpty, identity: true },
  'request.auth.claims': { form: 'map', value: notEmpty, identity: true },
  'destination.ip': { form: 'plain', value: ipOrCidr },
  'destination.port': { form: 'plain', value: portText },
  'connection.sni': { form: 'plain', value: notEmpty },
};

const REPLACED: readonly (readonly [string, string])[] = [
  ['destination.namespace', 'a policy applies to the namespace it stands in'],
  ['destination.labels', 'choose the workload with `selector`'],
  ['destination.name', 'choose the workload with `selector`'],
  ['destination.user', 'choose the workload with `selector`'],
  ['source.user', 'use `source.principal`'],
  ['source.name', 'use `source.principal` or `source.serviceAccount`'],
  ['source.labels', 'use `source.principal` or `source.serviceAccount`'],
];
const EXPERIMENTAL = 'experimental.envoy.filters.';

/**
 * Checks the key of a condition.
 * @returns how its values are checked, or undefined after telling why the key is wrong
 */
export function conditionKey(key: string, scope: Scope): ValueCheck | undefined {
  const bracket = key.indexOf('[');
  const name = bracket === -1 ? key : key.slice(0, bracket);
  const row = Object.hasOwn(CONDITION_KEYS, name) ? CONDITION_KEYS[name] : undefined;
  if (row?.form === 'plain' && bracket === -1) return row.value;
  if (row?.form === 'map' || name.startsWith(EXPERIMENTAL)) {
    if (bracket > 0 && key.endsWith(']') && bracket < key.length - 2) {
      if (row) return row.value;
      scope.warn(
        'condition-not-acted-on',
        `conditions on Envoy filter metadata (\`${shorten(key)}\`) are not evaluated here`,
        'an ALLOW rule with it never matches, and other rules go without it',
      );
      return notEmpty;
    }
    scope.error('condition-key', `\`${shorten(key)}\` needs a name in brackets`, `as in \`${shorten(name)}[name]\``);
    return undefined;
  }
  const replaced = REPLACED.find(([prefix]) => name === prefix);
  const help = (): string | undefined =>
    replaced?.[1] ?? (row ? `\`${name}\` takes no brackets` : didYouMean(name, Object.keys(CONDITION_KEYS)));
  scope.error('condition-key', `there is no condition \`${shorten(key)}\``, help);
  return undefined;
}

/** Whether a condition on `key` needs an identity, which action CUSTOM does not have yet. */
export function needsIdentity(key: string): boolean {
  const bracket = key.indexOf('[');
  const name = bracket === -1 ? key : key.slice(0, bracket);
  return name.startsWith('request.auth.') || (Object.hasOwn(CONDITION_KEYS, name) && CONDITION_KEYS[name]?.identity === true);
}
