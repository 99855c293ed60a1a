import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLocation, originOf } from '#model/origin.ts';
import { systemOf } from '../../../test/fakes/scan.ts';
import { permissionsOf } from './permissions.ts';
import { permits } from './permits.ts';
import { rolesOf } from './roles.ts';
import type { ApiRequest } from './permits.ts';

const API = 'apiVersion: rbac.authorization.k8s.io/v1\n';
const role = (name: string, rules: string, more = ''): string =>
  `${API}kind: ClusterRole\nmetadata: {name: ${name}${more}}\nrules: ${rules}\n`;
const bind = (kind: string, name: string, subjects: string, namespace = ''): string =>
  `${API}kind: ${namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding'}\nmetadata: {name: b-${name}${namespace === '' ? '' : `, namespace: ${namespace}`}}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ${kind}, name: ${name}}\nsubjects: ${subjects}\n`;
const account = (name: string, namespace = 'shop'): string => `[{kind: ServiceAccount, name: ${name}, namespace: ${namespace}}]`;

function may(yaml: readonly string[], id: string, request: ApiRequest): readonly (string | undefined)[] {
  const grants = (permissionsOf(systemOf(yaml.join('---\n'))).get(id) ?? []).flat();
  return grants.flatMap(({ rules, namespace }) => rules.filter((rule) => permits(rule, request)).map(() => namespace));
}

test('a ClusterRole holds everywhere by a ClusterRoleBinding and in one namespace by a RoleBinding', () => {
  const reader = role('reader', '[{apiGroups: [""], resources: [secrets], verbs: [get, list]}]');
  const list = { verb: 'list', resource: 'secrets' };
  assert.deepEqual(may([reader, bind('ClusterRole', 'reader', account('cart'))], 'shop/cart', list), [undefined]);
  assert.deepEqual(may([reader, bind('ClusterRole', 'reader', account('cart'), 'shop')], 'shop/cart', list), ['shop']);
  assert.deepEqual(
    may([reader, bind('ClusterRole', 'reader', account('cart'))], 'shop/cart', { verb: 'create', resource: 'secrets' }),
    [],
  );
  assert.deepEqual(may([reader, bind('ClusterRole', 'reader', account('cart'))], 'shop/other', list), []);
});

test('a Role holds in its own namespace only', () => {
  const yaml = [
    `${API}kind: Role\nmetadata: {name: r, namespace: shop}\nrules: [{apiGroups: [""], resources: [pods], verbs: ["*"]}]\n`,
    bind('Role', 'r', account('cart'), 'shop'),
    bind('Role', 'r', account('cart'), 'other').replace('name: b-r', 'name: b-other'),
  ];
  assert.deepEqual(may(yaml, 'shop/cart', { verb: 'create', resource: 'pods' }), ['shop']);
});

test('groups of Kubernetes hold service accounts', () => {
  const reader = role('reader', '[{apiGroups: [""], resources: [pods], verbs: [get]}]');
  const declared = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart, namespace: shop}\n';
  for (const [group, want] of [
    ['system:serviceaccounts', 1],
    ['system:authenticated', 1],
    ['system:serviceaccounts:shop', 1],
    ['system:serviceaccounts:other', 0],
    ['system:unauthenticated', 0],
    ['shop', 0],
  ] as const) {
    const yaml = [reader, declared, bind('ClusterRole', 'reader', `[{kind: Group, name: "${group}"}]`)];
    assert.equal(may(yaml, 'shop/cart', { verb: 'get', resource: 'pods' }).length, want, group);
  }
  const user = [reader, bind('ClusterRole', 'reader', '[{kind: User, name: "system:serviceaccount:shop:cart"}]')];
  assert.equal(may(user, 'shop/cart', { verb: 'get', resource: 'pods' }).length, 1);
});

test('aggregation goes through labels, built-in roles and circles', () => {
  const secrets = { verb: 'list', resource: 'secrets' };
  const addition = role(
    'addition',
    '[{apiGroups: [example.com], resources: [things], verbs: [delete]}]',
    ', labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}',
  );
  const things = { verb: 'delete', group: 'example.com', resource: 'things' };
  for (const name of ['view', 'edit', 'admin']) {
    assert.equal(may([addition, bind('ClusterRole', name, account('cart'), 'shop')], 'shop/cart', things).length, 1, name);
  }
  assert.equal(may([bind('ClusterRole', 'view', account('cart'), 'shop')], 'shop/cart', secrets).length, 0);
  assert.equal(may([bind('ClusterRole', 'edit', account('cart'), 'shop')], 'shop/cart', secrets).length, 1);
  assert.equal(may([bind('ClusterRole', 'cluster-admin', account('cart'))], 'shop/cart', secrets).length, 1);
  const circle = (name: string, to: string): string =>
    `${API}kind: ClusterRole\nmetadata: {name: ${name}, labels: {into: ${name}}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {into: ${to}}}]}\nrules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]\n`;
  assert.equal(
    may([circle('one', 'two'), circle('two', 'one'), bind('ClusterRole', 'one', account('cart'))], 'shop/cart', secrets).length,
    2,
  );
});

test('a grant knows its places', () => {
  const system = systemOf(
    [
      role('reader', '\n- {apiGroups: [""], resources: [pods], verbs: [get]}'),
      bind('ClusterRole', 'reader', account('cart')),
    ].join('---\n'),
  );
  const [grant] = permissionsOf(system).get('shop/cart')!.flat();
  const { place } = grant!.rules[0]!;
  assert.equal(formatLocation(originOf(place!.resource, place!.path)), 'case.yaml:5:3');
  assert.equal(formatLocation(originOf(grant!.binding, grant!.subjectPath)), 'case.yaml:11:12');
  assert.equal(grant!.role, 'ClusterRole reader');
});

test('rules match as the authorizer matches them', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: [] as string[], nonResourceUrls: [] };
  const rows: readonly (readonly [change: object, request: ApiRequest, want: boolean])[] = [
    [{}, { verb: 'get', resource: 'pods' }, true],
    [{}, { verb: 'get', resource: 'pods/log' }, false],
    [{ resources: ['pods/*'] }, { verb: 'get', resource: 'pods/log' }, false],
    [{ resources: ['*/log'] }, { verb: 'get', resource: 'pods/log' }, true],
    [{ resources: ['*'] }, { verb: 'get', resource: 'pods/log' }, true],
    [{ apiGroups: ['apps'] }, { verb: 'get', resource: 'pods' }, false],
    [{ apiGroups: ['*'] }, { verb: 'get', group: 'apps', resource: 'pods' }, true],
    [{ verbs: ['*'] }, { verb: 'anything', resource: 'pods' }, true],
    [{ resourceNames: ['a'] }, { verb: 'get', resource: 'pods', name: 'a' }, true],
    [{ resourceNames: ['a'] }, { verb: 'get', resource: 'pods', name: 'b' }, false],
    [{ resourceNames: ['a'] }, { verb: 'get', resource: 'pods' }, false],
  ];
  for (const [change, request, want] of rows) {
    assert.equal(permits({ ...rule, ...change }, request), want, JSON.stringify([change, request]));
  }
});

test('what many hold is kept once, whatever is bound to whom', () => {
  const rules = Array.from(
    { length: 300 },
    (_, i) => `{apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [s${i}]}`,
  );
  const system = systemOf(
    [
      role('big', `[${rules.join(', ')}]`),
      ...Array.from({ length: 300 }, (_, i) =>
        bind('ClusterRole', 'big', account(`a${i}`)).replace('name: b-big', `name: b-${i}`),
      ),
      bind('ClusterRole', 'big', '[{kind: Group, name: "system:authenticated"}]'),
    ].join('---\n'),
  );
  const grants = [...permissionsOf(system).values()].map((lists) => lists.map((list) => list.map((grant) => grant.rules)));
  assert.equal(grants.length, 300);
  assert.equal(new Set(grants.flat(2)).size, 1);
  assert.deepEqual(
    grants.map((lists) => lists.map(({ length }) => length)),
    grants.map(() => [1, 1]),
  );
});

test('roles that take each other in by the hundred are worked out once', () => {
  const { all } = rolesOf(
    systemOf(
      Array.from(
        { length: 2500 },
        (_, i) =>
          `${API}kind: ClusterRole\nmetadata: {name: r${i}, labels: {a: b}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n`,
      ).join('---\n'),
    ),
  );
  assert.equal(all.find(({ name }) => name === 'r0')?.rules.length, 2500);
  assert.ok(all.reduce((sum, { rules }) => sum + rules.length, 0) < 2_000_000);
});
