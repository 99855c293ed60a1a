import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../test/fakes/scan.ts';
import { RBAC_RULES } from './rbac.ts';

const API = 'apiVersion: rbac.authorization.k8s.io/v1\n';
const role = (rules: string, more = ''): string =>
  `${API}kind: ClusterRole\nmetadata: {name: r${more}}\nrules: [${rules}]\n---\n`;
const rule = (group: string, resources: string, verbs: string, more = ''): string =>
  `{apiGroups: ["${group}"], resources: [${resources}], verbs: [${verbs}]${more}}`;
const ACCOUNT = '{kind: ServiceAccount, name: cart, namespace: shop}';
const bind = (subjects = ACCOUNT, name = 'r'): string =>
  `${API}kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}\nsubjects: [${subjects}]\n---\n`;
const bindIn = (subjects = ACCOUNT, name = 'r'): string =>
  `${API}kind: RoleBinding\nmetadata: {name: b, namespace: shop}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}\nsubjects: [${subjects}]\n---\n`;
const pod = (more = ''): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: cart, namespace: shop}\nspec: {serviceAccountName: cart, ${more}containers: [{name: c, image: "c:1.0.0"}]}\n---\n`;
const account = (more = ''): string =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart, namespace: shop}\n${more}---\n`;
const SECRETS = rule('', 'secrets', 'list');
const CSR = rule('certificates.k8s.io', 'certificatesigningrequests/approval', 'update');

/** YAML -> `severity id` of every finding of the area but those of tokens that nothing can be done with. */
const ROWS: readonly (readonly [yaml: string, want: string])[] = [
  [role(SECRETS) + bind(), 'high rbac.secrets'],
  [role(SECRETS) + bindIn(), 'medium rbac.secrets'],
  [role(SECRETS), 'low rbac.secrets'],
  [role(rule('', 'secrets', 'get', ', resourceNames: [db]')) + bind(), ''],
  [role(rule('', 'configmaps, pods', 'get, list, watch')) + bind(), ''],
  [role(rule('*', '"*"', '"*"')) + bind(), 'high rbac.cluster-admin, high rbac.wildcard'],
  [
    role(rule('', '"*"', '"*"')) + bind(),
    'high rbac.wildcard, high rbac.secrets, high rbac.impersonate, high rbac.token-create, high rbac.pod-create, high rbac.pod-exec, high rbac.node-proxy, medium rbac.persistent-volume, medium rbac.namespace-write',
  ],
  [role(rule('', '"*"', 'get, list')) + bindIn(), 'medium rbac.secrets, medium rbac.pod-exec, low rbac.node-proxy'],
  [role(rule('apps', 'deployments', '"*"')) + bindIn(), 'low rbac.wildcard, medium rbac.pod-create'],
  [role(rule('example.com', 'things', '"*"')) + bind(), ''],
  [role(rule('', 'pods', 'create')) + bind(), 'high rbac.pod-create'],
  [role(rule('', 'pods', 'patch')) + bind(), ''],
  [role(rule('', 'pods/exec', 'create')) + bindIn(), 'medium rbac.pod-exec'],
  [role(rule('', 'pods/log', 'get')) + bindIn(), ''],
  [role(rule('rbac.authorization.k8s.io', 'clusterroles', 'bind')) + bind(), 'high rbac.escalate'],
  [role(rule('rbac.authorization.k8s.io', 'clusterroles', 'bind', ', resourceNames: [view]')) + bind(), ''],
  [role(rule('', 'users', 'impersonate')) + bind(), 'high rbac.impersonate'],
  [role(rule('', 'serviceaccounts/token', 'create')) + bind(), 'high rbac.token-create'],
  [role(rule('', 'serviceaccounts/token', 'create', ', resourceNames: [x]')) + bind(), ''],
  [role(`${CSR}, ${rule('certificates.k8s.io', 'signers', 'approve')}`) + bind(), 'high rbac.certificate-signing'],
  [role(`${CSR}, ${rule('certificates.k8s.io', 'signers', 'approve', ', resourceNames: [example.com/own]')}`) + bind(), ''],
  [role(rule('', 'nodes/proxy', 'create')) + bind(), 'high rbac.node-proxy'],
  [role(rule('', 'nodes/proxy', 'get')) + bind(), 'medium rbac.node-proxy'],
  [role(rule('', 'nodes/metrics', 'get')) + bind(), ''],
  [role(rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'update')) + bind(), 'medium rbac.admission-write'],
  [role(rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'update', ', resourceNames: [own]')) + bind(), ''],
  [role(rule('', 'persistentvolumes', 'create')) + bind(), 'medium rbac.persistent-volume'],
  [role(rule('', 'namespaces', 'patch')) + bind(), 'medium rbac.namespace-write'],
  [bind(ACCOUNT, 'cluster-admin'), 'high rbac.cluster-admin'],
  [bindIn(ACCOUNT, 'cluster-admin'), 'medium rbac.cluster-admin'],
  [bind('{kind: Group, name: platform-team}', 'cluster-admin'), 'medium rbac.cluster-admin'],
  [bind('{kind: Group, name: "system:unauthenticated"}', 'view'), 'high rbac.everyone'],
  [bind('{kind: User, name: "system:anonymous"}', 'cluster-admin'), 'critical rbac.everyone, medium rbac.cluster-admin'],
  [bind('{kind: Group, name: "system:authenticated"}', 'view'), 'low rbac.everyone'],
  [bind('{kind: Group, name: "system:authenticated"}', 'edit'), 'high rbac.everyone'],
  [bind('{kind: Group, name: "system:unauthenticated"}', '"system:public-info-viewer"'), ''],
  [bind('{kind: Group, name: "system:masters"}', 'view'), 'medium rbac.masters'],
  [bindIn('{kind: ServiceAccount, name: default}', 'view'), 'medium rbac.default-account'],
  [bindIn(ACCOUNT, 'view'), ''],
  [role(SECRETS, ', labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}'), 'low rbac.secrets, medium rbac.aggregation'],
  [role(rule('example.com', 'things', 'get'), ', labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}'), ''],
  [
    `${API}kind: ClusterRole\nmetadata: {name: r}\naggregationRule: {clusterRoleSelectors: [{}]}\nrules: []\n`,
    'high rbac.aggregation',
  ],
  [role(SECRETS, ', labels: {kubernetes.io/bootstrapping: rbac-defaults}') + bind(), ''],
  [role(SECRETS) + bind() + pod(), 'high rbac.secrets, low rbac.automount'],
  [role(SECRETS) + bindIn() + pod(), 'medium rbac.secrets, info rbac.automount'],
  [role(SECRETS) + bind() + pod('automountServiceAccountToken: false, '), 'high rbac.secrets'],
  [role(SECRETS) + bind() + account('automountServiceAccountToken: false\n') + pod(), 'high rbac.secrets'],
  [pod(), 'info rbac.automount'],
  [bindIn(ACCOUNT, 'view') + pod(), ''],
  [
    'apiVersion: v1\nkind: Secret\nmetadata: {name: t, annotations: {kubernetes.io/service-account.name: cart}}\ntype: kubernetes.io/service-account-token\n',
    'medium rbac.legacy-token',
  ],
];

test('what a role gives is found where it is dangerous, and judged by who holds it', () => {
  for (const [yaml, want] of ROWS) {
    const found = RBAC_RULES.flatMap((each) => hits(each, yaml)).map(({ severity, code }) => `${severity} ${code}`);
    assert.deepEqual(found.toSorted(), want.split(', ').filter(Boolean).toSorted(), yaml);
  }
});

test('the finding names who holds the power and where it is bound', () => {
  const [finding] = RBAC_RULES.flatMap((each) => hits(each, role(SECRETS) + bind()));
  assert.equal(finding?.title, 'ClusterRole `r` lets ServiceAccount `shop/cart` read every secret in the whole cluster');
  assert.equal(finding?.path, 'rules[0]');
  assert.equal(finding?.related?.[0]?.message, 'bound here');
});
