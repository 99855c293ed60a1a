import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../test/fakes/scan.ts';
import { CLUSTER_RULES } from './cluster.ts';

const server = (program: string, ...flags: readonly string[]): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${program}, namespace: kube-system}\nspec: {containers: [{name: c, image: "registry.k8s.io/${program}:v1.34.0", command: [${[program, ...flags].map((each) => JSON.stringify(each)).join(', ')}]}]}\n`;
/** Flags that leave nothing to say. */
const GOOD_API = [
  '--authorization-mode=Node,RBAC',
  '--anonymous-auth=false',
  '--enable-admission-plugins=NodeRestriction',
  '--kubelet-certificate-authority=/ca.pem',
  '--client-ca-file=/ca.pem',
  '--etcd-servers=https://127.0.0.1:2379',
  '--etcd-cafile=/ca.pem',
  '--etcd-certfile=/c.pem',
  '--profiling=false',
  '--audit-log-path=/a.log',
  '--audit-policy-file=/p.yaml',
  '--encryption-provider-config=/e.yaml',
];
const without = (name: string, ...more: readonly string[]): string =>
  server('kube-apiserver', ...GOOD_API.filter((flag) => !flag.startsWith(`--${name}=`)), ...more);
const GOOD_ETCD = ['--client-cert-auth=true', '--cert-file=/c.pem', '--listen-client-urls=https://10.0.0.1:2379'];
const kubelet = (members: string): string =>
  `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${members}\n`;
const encryption = (providers: string, resources = 'secrets'): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources: [{resources: [${resources}], providers: [${providers}]}]\n`;
const KMS = '{kms: {apiVersion: v2, name: k, endpoint: "unix:///k.sock"}}';
const KEY = '{secretbox: {keys: [{name: k1, secret: "c2VjcmV0IGlzIHNlY3VyZSwgSSB0aGluaw=="}]}}';
const storage = (provisioner: string, parameters: string): string =>
  `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s}\nprovisioner: ${provisioner}\nparameters: {${parameters}}\n`;
const audit = (...rules: readonly string[]): string =>
  `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [${rules.join(', ')}]\n`;
const SECRETS =
  '{level: Metadata, resources: [{group: "", resources: [secrets, configmaps, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]}';
const namespace = (labels: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${labels}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`;
const plugin = (configuration: string): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins: [{name: PodSecurity, configuration: {${configuration}}}]\n`;
const webhook = (more: string, kind = 'Validating'): string =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ${kind}WebhookConfiguration\nmetadata: {name: w}\nwebhooks: [{name: w.example.com, rules: [{apiGroups: [""], resources: [pods], operations: [CREATE]}]${more}}]\n`;
const policy = (spec = 'failurePolicy: Fail'): string =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: v}\nspec: {${spec}}\n---\n`;
const binding = (more = ''): string =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\nspec: {policyName: v, validationActions: [Deny]${more}}\n`;

const ROWS: readonly (readonly [yaml: string, want: string])[] = [
  [server('kube-apiserver', ...GOOD_API), ''],
  [without('authorization-mode'), 'critical cluster.api-server'],
  [without('authorization-mode', '--authorization-config=/a.yaml'), ''],
  [without('authorization-mode', '--authorization-mode=AlwaysAllow'), 'critical cluster.api-server'],
  [without('authorization-mode', '--authorization-mode', 'Node'), 'medium cluster.api-server'],
  [without('anonymous-auth'), 'low cluster.api-server'],
  [server('kube-apiserver', ...GOOD_API, '--insecure-port=8080'), 'critical cluster.api-server'],
  [server('kube-apiserver', ...GOOD_API, '--insecure-port=0'), ''],
  [server('kube-apiserver', ...GOOD_API, '--tls-min-version=VersionTLS10'), 'high cluster.api-server'],
  [server('kube-apiserver', ...GOOD_API, '--tls-cipher-suites=TLS_RSA_WITH_RC4_128_SHA'), 'medium cluster.api-server'],
  [without('encryption-provider-config'), 'medium cluster.encryption-off'],
  [without('audit-log-path'), 'medium cluster.audit-log'],
  [server('kube-apiserver', ...GOOD_API, '--audit-log-maxage=3'), 'low cluster.audit-log'],
  [without('etcd-servers', '--etcd-servers=http://10.0.0.1:2379'), 'high cluster.api-server'],
  [
    'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer: {extraArgs: [{name: authorization-mode, value: AlwaysAllow}, {name: profiling, value: "false"}, {name: audit-log-path, value: /a}, {name: audit-policy-file, value: /p}, {name: encryption-provider-config, value: /e}]}\n',
    'critical cluster.api-server',
  ],
  [server('etcd', ...GOOD_ETCD), ''],
  [
    server('etcd', '--client-cert-auth=false', '--cert-file=/c', '--listen-client-urls=http://0.0.0.0:2379'),
    'critical cluster.etcd, high cluster.etcd',
  ],
  [server('etcd', ...GOOD_ETCD.slice(0, 2), '--listen-client-urls=http://127.0.0.1:2379'), ''],
  [server('kube-scheduler', '--profiling=false', '--bind-address=127.0.0.1'), ''],
  [server('kube-scheduler', '--bind-address=0.0.0.0'), 'low cluster.controllers, low cluster.controllers'],
  [server('nginx', '--anonymous-auth=true'), ''],
  [kubelet('authentication: {anonymous: {enabled: true}}'), 'high cluster.kubelet'],
  [kubelet('authorization: {mode: AlwaysAllow}\nreadOnlyPort: 10255'), 'critical cluster.kubelet, medium cluster.kubelet'],
  [kubelet('authentication: {anonymous: {enabled: false}}\nauthorization: {mode: Webhook}\nreadOnlyPort: 0'), ''],
  [encryption(`${KMS}, {identity: {}}`), ''],
  [encryption('{identity: {}}'), 'high cluster.encryption-config'],
  [encryption(KMS, 'configmaps'), 'high cluster.encryption-config'],
  [encryption(KEY), 'high cluster.encryption-config'],
  [encryption('{kms: {name: k, endpoint: "unix:///k.sock"}}'), 'low cluster.encryption-config'],
  [storage('ebs.csi.aws.com', 'encrypted: "false"'), 'medium cluster.encryption-volumes'],
  [storage('ebs.csi.aws.com', 'type: gp3'), 'low cluster.encryption-volumes'],
  [storage('ebs.csi.aws.com', 'encrypted: "true"'), ''],
  [storage('pd.csi.storage.gke.io', 'type: pd-ssd'), ''],
  [audit(SECRETS, '{level: Metadata}'), ''],
  [audit('{level: None, resources: [{group: "", resources: [secrets]}]}', '{level: Metadata}'), 'medium cluster.audit-policy'],
  [audit('{level: None, users: ["system:kube-proxy"]}', SECRETS, '{level: Metadata}'), ''],
  [audit(SECRETS), 'medium cluster.audit-policy'],
  [audit('{level: RequestResponse}'), 'high cluster.audit-policy'],
  [audit('{level: RequestResponse, resources: [{group: "", resources: [pods]}]}', '{level: Metadata}'), ''],
  [namespace(''), 'low cluster.pod-security'],
  [namespace('pod-security.kubernetes.io/enforce: privileged'), 'low cluster.pod-security'],
  [namespace('pod-security.kubernetes.io/enforce: baseline'), ''],
  [plugin('defaults: {enforce: baseline}'), ''],
  [plugin('defaults: {enforce: privileged}'), 'medium cluster.pod-security'],
  [
    plugin('defaults: {enforce: baseline}, exemptions: {usernames: [bot], namespaces: [kube-system]}'),
    'medium cluster.pod-security',
  ],
  [plugin('defaults: {enforce: baseline}, exemptions: {namespaces: [kube-system]}'), ''],
  [webhook(', failurePolicy: Fail'), ''],
  [webhook(', failurePolicy: Ignore'), 'medium cluster.admission-webhook'],
  [webhook(', failurePolicy: Ignore', 'Mutating'), 'low cluster.admission-webhook'],
  [webhook(', objectSelector: {matchExpressions: [{key: skip, operator: DoesNotExist}]}'), 'medium cluster.admission-webhook'],
  [
    webhook(
      ', namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}',
    ),
    '',
  ],
  [policy() + binding(), ''],
  [policy(), 'low cluster.admission-policy'],
  [policy('failurePolicy: Ignore') + binding(), 'medium cluster.admission-policy'],
  [policy() + binding().replace('[Deny]', '[Warn]'), 'low cluster.admission-policy'],
  [policy() + binding(', paramRef: {name: p, parameterNotFoundAction: Allow}'), 'medium cluster.admission-policy'],
];

test('settings of the cluster are found where they weaken it', () => {
  for (const [yaml, want] of ROWS) {
    const found = CLUSTER_RULES.flatMap((each) => hits(each, yaml)).map(({ severity, code }) => `${severity} ${code}`);
    assert.deepEqual(found.toSorted(), want.split(', ').filter(Boolean).toSorted(), yaml);
  }
});

test('a key never shows', () => {
  const found = CLUSTER_RULES.flatMap((each) => hits(each, encryption(KEY)));
  assert.equal(found.length, 1);
  assert.doesNotMatch(JSON.stringify(found), /c2VjcmV0/);
});

test('a finding names the flag and its control', () => {
  const [finding] = CLUSTER_RULES.flatMap((each) =>
    hits(each, without('authorization-mode', '--authorization-mode=AlwaysAllow')),
  );
  assert.equal(finding?.title, '`kube-apiserver` `--authorization-mode=AlwaysAllow` allows every request');
  assert.ok(finding?.tags?.includes('cis-k8s:1.2.6'));
  assert.equal(finding?.path, 'spec.containers[0].command[12]');
});
