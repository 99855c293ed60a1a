import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SystemRule } from '../rule.ts';
import { hits } from '../../../test/fakes/scan.ts';
import { capabilities } from './pod/capabilities.ts';
import { hardening } from './pod/hardening.ts';
import { hostNamespaces } from './pod/host-namespaces.ts';
import { hostPath } from './pod/host-path.ts';
import { hostPort } from './pod/host-port.ts';
import { hostProbe } from './pod/host-probe.ts';
import { kernelView } from './pod/kernel-view.ts';
import { privileged } from './pod/privileged.ts';
import { refused } from './pod/refused.ts';
import { resources } from './pod/resources.ts';
import { unconfined } from './pod/unconfined.ts';
import { POD_RULES } from './pod.ts';

const deployment = (container: string, pod = '', namespace = 'shop'): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart}}
    spec:
      containers:
      - {name: main, image: "cart:1.0.0"${container === '' ? '' : `, ${container}`}}
${pod === '' ? '' : `      ${pod}\n`}`;
const namespace = (labels: string): string =>
  `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${labels}}}\n`;
const PRIVILEGED = 'pod-security.kubernetes.io/enforce: privileged';
const mount = (path: string, readOnly: boolean): string =>
  deployment(
    `volumeMounts: [{name: v, mountPath: /x, readOnly: ${readOnly}}]`,
    `volumes: [{name: v, hostPath: {path: "${path}"}}]`,
  );
const HARD =
  'securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}';

/** A way in from outside. */
const EXPOSED =
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {type: LoadBalancer, selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}\n';

/** Rule, YAML, severities of the findings. */
const ROWS: readonly (readonly [rule: SystemRule, yaml: string, want: string])[] = [
  [privileged, deployment('securityContext: {privileged: true}'), 'high'],
  [privileged, deployment('securityContext: {privileged: true}', 'hostPID: true'), 'high'],
  [
    privileged,
    deployment('securityContext: {privileged: true}, ports: [{containerPort: 8080}]', 'hostPID: true') + EXPOSED,
    'critical',
  ],
  [privileged, deployment('securityContext: {privileged: false}'), ''],
  [privileged, deployment('securityContext: {privileged: true}') + namespace(PRIVILEGED), 'medium'],
  [hostNamespaces, deployment('', 'hostPID: true'), 'medium'],
  [hostNamespaces, deployment('securityContext: {capabilities: {add: [SYS_PTRACE]}}', 'hostPID: true'), 'high'],
  [hostNamespaces, deployment('', 'hostPID: true\n      securityContext: {runAsNonRoot: true}'), 'medium'],
  [hostNamespaces, deployment('', 'hostNetwork: true'), 'medium'],
  [hostNamespaces, deployment('', 'hostNetwork: false'), ''],
  [hostPath, mount('/var/run/docker.sock', true), 'high'],
  [hostPath, mount('/run/containerd/containerd.sock', false), 'high'],
  [hostPath, mount('/var/run/docker.sock', true) + EXPOSED, 'critical'],
  [hostPath, mount('/', false), 'high'],
  [hostPath, mount('/', true), 'medium'],
  [hostPath, mount('/etc/', false), 'high'],
  [hostPath, mount('/data/shop', false), 'medium'],
  [hostPath, mount('/data/shop', true), 'low'],
  [hostPath, deployment('', 'volumes: [{name: v, emptyDir: {}}]'), ''],
  [capabilities, deployment('securityContext: {capabilities: {add: [SYS_ADMIN]}}'), 'high'],
  [capabilities, deployment('securityContext: {capabilities: {add: [NET_ADMIN]}}'), 'medium'],
  [capabilities, deployment('securityContext: {capabilities: {add: [NET_RAW]}}'), 'low'],
  [capabilities, deployment('securityContext: {capabilities: {add: [NET_BIND_SERVICE, CHOWN]}}'), ''],
  [capabilities, deployment('securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}'), ''],
  [unconfined, deployment('securityContext: {seccompProfile: {type: Unconfined}}'), 'medium'],
  [unconfined, deployment('', 'securityContext: {appArmorProfile: {type: Unconfined}}'), 'medium'],
  [unconfined, deployment('securityContext: {seccompProfile: {type: RuntimeDefault}}'), ''],
  [kernelView, deployment('securityContext: {procMount: Unmasked}'), 'medium'],
  [kernelView, deployment('', 'securityContext: {sysctls: [{name: net.core.somaxconn, value: "1"}]}'), 'low'],
  [kernelView, deployment('', 'securityContext: {sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}]}'), ''],
  [hostPort, deployment('ports: [{containerPort: 80, hostPort: 80}]'), 'low'],
  [hostPort, deployment('ports: [{containerPort: 80, hostPort: 80}]', 'hostNetwork: true'), ''],
  [hostProbe, deployment('livenessProbe: {httpGet: {host: 169.254.169.254, port: 80}}'), 'low'],
  [hostProbe, deployment('livenessProbe: {httpGet: {host: 127.0.0.1, port: 80}}'), ''],
  [hostProbe, deployment('livenessProbe: {httpGet: {port: 80}}'), ''],
  [refused, deployment('') + namespace('pod-security.kubernetes.io/enforce: restricted'), 'medium'],
  [refused, deployment('') + namespace('pod-security.kubernetes.io/enforce: baseline'), ''],
  [refused, deployment(HARD) + namespace('pod-security.kubernetes.io/enforce: restricted'), ''],
  [
    refused,
    deployment('livenessProbe: {httpGet: {host: example.com, port: 80}}') +
      namespace('pod-security.kubernetes.io/enforce: baseline, pod-security.kubernetes.io/enforce-version: v1.30'),
    '',
  ],
  [hardening, deployment(''), 'low'],
  [hardening, deployment(HARD), ''],
  [hardening, deployment('') + namespace('pod-security.kubernetes.io/enforce: restricted'), ''],
  [resources, deployment(''), 'info'],
  [resources, deployment('resources: {limits: {memory: 1Gi}}'), ''],
  [resources, `${deployment('')}---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: shop}\nspec: {}\n`, ''],
];

test('each rule finds its weakness, and is silent without it', () => {
  for (const [rule, yaml, want] of ROWS) {
    assert.equal(
      hits(rule, yaml)
        .map(({ severity }) => severity)
        .join(' '),
      want,
      `${rule.id}\n${yaml}`,
    );
  }
});

test('a finding names the narrowest place and the control', () => {
  const [finding] = hits(privileged, deployment('securityContext: {privileged: true}'));
  assert.equal(finding?.path, 'spec.template.spec.containers[0].securityContext.privileged');
  assert.equal(finding?.location?.line, 10);
  assert.deepEqual(finding?.tags, ['cis-k8s:5.2.2', 'nsa-k8s:pod', 'pss:baseline', 'pss-control:privileged']);
  assert.deepEqual(finding?.fix?.edits?.[0]?.op, 'remove');
});

test('a bare pod and a cron job are looked into as well', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostPID: true, containers: [{name: c, image: "c:1"}]}\n';
  const cron =
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {schedule: "* * * * *", jobTemplate: {spec: {template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, hostPID: true, containers: [{name: c, image: "c:1"}]}}}}}\n';
  assert.deepEqual(
    hits(hostNamespaces, `${pod}---\n${cron}`).map(({ path }) => path),
    ['spec.hostPID', 'spec.jobTemplate.spec.template.spec.hostPID'],
  );
});

test('rules have ids of their own', () => {
  assert.equal(new Set(POD_RULES.map(({ id }) => id)).size, POD_RULES.length);
});
