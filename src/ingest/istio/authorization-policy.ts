// AuthorizationPolicy, security.istio.io/v1 and v1beta1, validated as Istio's admission does.
import { AUTHORIZATION_ACTIONS } from '#model/istio.ts';
import type { AuthorizationAction, AuthorizationPolicySpec, AuthorizationRule } from '#model/istio.ts';
import { also, anyText, list, object, oneOf, optional, required, word } from '../check.ts';
import type { Check } from '../check.ts';
import { resourceOf } from '../kind.ts';
import type { KindReader } from '../kind.ts';
import type { Scope } from '../scope.ts';
import { checkDryRun, targetFields, targeting } from './common.ts';
import {
  conditionKey,
  ipOrCidr,
  needsIdentity,
  notEmpty,
  pathOrTemplate,
  portText,
  serviceAccount,
  trustDomain,
} from './condition.ts';
import type { ValueCheck } from './condition.ts';

function values(check: ValueCheck, max?: number): { readonly check: Check<readonly string[]>; readonly required: false } {
  const item = also(anyText, check);
  return optional((value, scope) => {
    const read = list(item, max === undefined ? {} : { max })(value, scope);
    if (read?.length === 0 && Array.isArray(value) && value.length === 0) {
      scope.info('empty-list', `${scope.name()} is an empty list, which means any`, 'remove it, or name values');
    }
    return read;
  });
}

const SOURCE = {
  principals: values(notEmpty),
  notPrincipals: values(notEmpty),
  requestPrincipals: values(notEmpty),
  notRequestPrincipals: values(notEmpty),
  namespaces: values(notEmpty),
  notNamespaces: values(notEmpty),
  serviceAccounts: values(serviceAccount, 16),
  notServiceAccounts: values(serviceAccount, 16),
  trustDomains: values(trustDomain),
  notTrustDomains: values(trustDomain),
  ipBlocks: values(ipOrCidr),
  notIpBlocks: values(ipOrCidr),
  remoteIpBlocks: values(ipOrCidr),
  notRemoteIpBlocks: values(ipOrCidr),
};
const OPERATION = {
  hosts: values(notEmpty),
  notHosts: values(notEmpty),
  ports: values(portText),
  notPorts: values(portText),
  methods: values(notEmpty),
  notMethods: values(notEmpty),
  paths: values(pathOrTemplate),
  notPaths: values(pathOrTemplate),
};

/** Fields that only HTTP has; every other field of a source works on TCP too. */
const HTTP_SOURCE = new Set(['requestPrincipals', 'notRequestPrincipals']);
/** Fields that name an identity, which is not known yet when CUSTOM is decided. */
const IDENTITY_SOURCE = new Set(
  ['principals', 'requestPrincipals', 'namespaces', 'serviceAccounts', 'trustDomains'].flatMap((name) => [
    name,
    `not${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  ]),
);

type Lists = Readonly<Record<string, readonly string[] | undefined>>;

/** Empty lists mean "any" and are dropped, so that a policy looks the same whether they were written or not. */
function withoutEmpty<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields as Lists).filter(([, list]) => list !== undefined && list.length > 0)) as T;
}

const source = also(
  object(SOURCE, { hints: { principal: 'did you mean `principals`?', namespace: 'did you mean `namespaces`?' } }),
  (read, scope) => {
    const filled = (name: string): boolean => ((read as Lists)[name] ?? []).length > 0;
    if (!Object.keys(SOURCE).some(filled) && scope.errors === 0)
      scope.error('empty', '`source` must name something', 'for anyone, leave `from` out');
    const accounts = filled('serviceAccounts') || filled('notServiceAccounts');
    if (accounts && ['principals', 'notPrincipals', 'namespaces', 'notNamespaces'].some(filled)) {
      scope.error(
        'service-accounts-exclusive',
        'serviceAccounts cannot stand with namespaces or principals in one source',
        'write two items of `from`',
      );
    }
  },
);
const operation = also(
  object(OPERATION, { hints: { method: 'did you mean `methods`?', path: 'did you mean `paths`?' } }),
  (read, scope) => {
    const filled = (name: string): boolean => ((read as Lists)[name] ?? []).length > 0;
    if (!Object.keys(OPERATION).some(filled) && scope.errors === 0)
      scope.error('empty', '`operation` must name something', 'for anything, leave `to` out');
  },
);

const condition = also(
  object({ key: required(word), values: optional(list(anyText)), notValues: optional(list(anyText)) }),
  (read, scope) => {
    checkCondition(read.key, read.values ?? [], read.notValues ?? [], scope);
  },
);

/** A condition's key and values, each told at its place. */
export function checkCondition(key: string, wanted: readonly string[], unwanted: readonly string[], scope: Scope): void {
  const check = scope.at('key', () => conditionKey(key, scope));
  if (wanted.length === 0 && unwanted.length === 0)
    scope.error('required', `the condition \`${key}\` needs \`values\` or \`notValues\``);
  if (!check) return;
  for (const [name, texts] of [
    ['values', wanted],
    ['notValues', unwanted],
  ] as const) {
    scope.at(name, () => texts.forEach((text, i) => scope.at(i, () => check(text, scope))));
  }
}

const SOURCE_HINTS = Object.fromEntries(
  Object.keys(SOURCE).map((name) => [name, `put it below \`source\`: \`- source: {${name}: …}\``]),
);
const OPERATION_HINTS = Object.fromEntries(
  Object.keys(OPERATION).map((name) => [name, `put it below \`operation\`: \`- operation: {${name}: …}\``]),
);
const rule = object({
  from: optional(list(object({ source: required(source) }, { hints: SOURCE_HINTS }), { min: 1 })),
  to: optional(list(object({ operation: required(operation) }, { hints: OPERATION_HINTS }), { min: 1 })),
  when: optional(list(condition)),
});

const SPEC = object({
  ...targetFields,
  action: optional(oneOf(AUTHORIZATION_ACTIONS)),
  provider: optional(object({ name: optional(anyText) })),
  rules: optional(list(rule, { max: 512 })),
});

export const readAuthorizationPolicy: KindReader = (document, scope) => {
  const raw = document.raw['spec'] ?? {};
  const read = scope.at('spec', () => {
    const spec = SPEC(raw, scope);
    return spec && { spec, target: targeting(spec, scope) };
  });
  if (!read) return undefined;
  const { spec, target } = read;
  const action = spec.action ?? 'ALLOW';
  checkDryRun(document, action, scope);
  scope.at('spec', () => {
    checkAction(action, spec.rules, scope);
    checkProvider(action, spec.provider, scope);
  });
  const rules = spec.rules?.map(tidyRule);
  const typed: AuthorizationPolicySpec = {
    ...target,
    action,
    ...(spec.provider?.name === undefined ? {} : { provider: { name: spec.provider.name } }),
    ...(rules ? { rules } : {}),
  };
  const policy = resourceOf(document, 'AuthorizationPolicy', typed);
  return { resource: policy, part: { type: 'authorizationPolicy', policy } };
};

function tidyRule(each: AuthorizationRule): AuthorizationRule {
  return {
    ...(each.from ? { from: each.from.map(({ source }) => ({ source: withoutEmpty(source) })) } : {}),
    ...(each.to ? { to: each.to.map(({ operation }) => ({ operation: withoutEmpty(operation) })) } : {}),
    ...(each.when ? { when: each.when } : {}),
  };
}

function checkProvider(action: AuthorizationAction, provider: { readonly name?: string } | undefined, scope: Scope): void {
  if (action === 'CUSTOM' && (provider?.name ?? '') === '')
    scope.error(
      'provider',
      '`provider.name` is needed with action CUSTOM',
      "name one of the mesh configuration's `extensionProviders`",
    );
  if (action !== 'CUSTOM' && provider)
    scope.at('provider', () =>
      scope.error('provider', `\`provider\` has no meaning with action ${action}`, 'remove it, or use action CUSTOM'),
    );
}

function checkAction(action: AuthorizationAction, rules: readonly AuthorizationRule[] | undefined, scope: Scope): void {
  if ((action === 'DENY' || action === 'CUSTOM') && (rules ?? []).length === 0) {
    scope.error('rules', `a ${action} policy without \`rules\` never matches`, 'write `rules: [{}]` to match every request');
  }
  (rules ?? []).forEach((each, i) => {
    scope.enter('rules');
    scope.enter(i);
    if (action === 'CUSTOM') checkCustomRule(each, scope);
    if (action === 'DENY') warnOfTcp(each, scope);
    scope.leave();
    scope.leave();
  });
}

function checkCustomRule(each: AuthorizationRule, scope: Scope): void {
  const refuse = (what: string): void =>
    scope.error('custom-identity', `\`${what}\` cannot be used with action CUSTOM, which is decided before identities are known`);
  each.from?.forEach(({ source }, i) => {
    for (const [name, list] of Object.entries(source as Lists)) {
      if (IDENTITY_SOURCE.has(name) && list?.length) inside(scope, ['from', i, 'source', name], () => refuse(name));
    }
  });
  each.when?.forEach(({ key }, i) => {
    if (needsIdentity(key)) inside(scope, ['when', i, 'key'], () => refuse(key));
  });
}

function inside(scope: Scope, path: readonly (string | number)[], work: () => void): void {
  for (const part of path) scope.enter(part);
  work();
  for (const _ of path) scope.leave();
}

/** A DENY rule made of HTTP fields alone denies all traffic to TCP ports, since those fields cannot be checked there. */
function warnOfTcp(each: AuthorizationRule, scope: Scope): void {
  const from = each.from ?? [];
  const to = each.to ?? [];
  const tcpFrom = from.some(({ source }) => Object.keys(source).some((name) => !HTTP_SOURCE.has(name)));
  const tcpTo = to.some(({ operation }) => operation.ports !== undefined || operation.notPorts !== undefined);
  if ((from.length > 0 && to.length === 0 && !tcpFrom) || (to.length > 0 && !tcpTo)) {
    scope.warn(
      'deny-tcp',
      'this DENY rule uses HTTP fields only, so it denies all traffic to TCP ports',
      'name the HTTP ports in `to[].operation.ports`',
    );
  }
}
