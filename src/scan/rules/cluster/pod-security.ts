import { ENFORCE, enforcedIn } from '../../pss/namespace.ts';
import { originOf } from '#model/origin.ts';
import { listAt, objectAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const podSecurity = {
  id: 'cluster.pod-security',
  name: 'Nothing enforces a Pod Security level',
  severity: 'low',
  cwe: [1188],
  why: 'Without an enforced level the namespace takes privileged pods and mounts of node folders from everyone who may make a pod in it.',
  help: 'Label the namespace, with `warn` first to see what would be refused.',
  references: ['https://kubernetes.io/docs/concepts/security/pod-security-admission/'],
  tags: ['cis-k8s:5.2.1', 'nsa-k8s:pod'],
  check,
} as const satisfies SystemRule;

/** Other engines that judge pods; where one is installed, labels are not missed. */
const ENGINES =
  /^(?:kyverno\.io|policies\.kyverno\.io|constraints\.gatekeeper\.sh|templates\.gatekeeper\.sh|policies\.kubewarden\.io)\//;
const NODE_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

function* check(context: ScanContext): Generator<Hit> {
  yield* checkDefaults(context);
  const { system } = context;
  const judged = system.resources.some(
    ({ apiVersion, kind }) =>
      ENGINES.test(apiVersion) || kind === 'ValidatingAdmissionPolicy' || kind === 'AdmissionConfiguration',
  );
  const used = new Set(system.workloads.map(({ namespace }) => namespace));
  for (const resource of system.resources) {
    if (resource.kind !== 'Namespace' || resource.apiVersion !== 'v1') continue;
    const { name } = resource.metadata;
    const enforced = enforcedIn(system, name);
    if (NODE_NAMESPACES.includes(name) || !used.has(name)) continue;
    if (enforced ? enforced.level !== 'privileged' : judged) continue;
    const document = originOf(resource);
    yield {
      title: enforced
        ? `namespace \`${name}\` enforces \`privileged\`, which forbids nothing`
        : `namespace \`${name}\` enforces no Pod Security level`,
      at: { resource, path: enforced ? ['metadata', 'labels', ENFORCE] : ['metadata'] },
      fix: {
        text: 'Enforce `baseline`, and warn of what `restricted` would refuse.',
        yaml: `metadata:\n  labels:\n    ${ENFORCE}: baseline\n    pod-security.kubernetes.io/warn: restricted`,
        ...(document &&
          !enforced && {
            edits: [{ op: 'set' as const, document, path: ['metadata', 'labels', ENFORCE], value: 'baseline' }],
          }),
      },
    };
  }
}

/** The cluster-wide defaults and exemptions of the admission plug-in. */
function* checkDefaults({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind !== 'AdmissionConfiguration') continue;
    for (const [index, plugin] of listAt(resource.body, 'plugins').entries()) {
      if (textAt(plugin, 'name') !== 'PodSecurity') continue;
      const configuration = objectAt(plugin, 'configuration');
      const path = ['plugins', index, 'configuration'];
      const level = textAt(objectAt(configuration, 'defaults'), 'enforce') ?? 'privileged';
      if (configuration && level === 'privileged') {
        yield {
          title: 'namespaces without a label enforce `privileged`, which forbids nothing',
          severity: 'medium',
          at: { resource, path: [...path, 'defaults', 'enforce'] },
          detail: 'defaults',
          fix: { text: 'Enforce `baseline` by default.', yaml: 'defaults:\n  enforce: baseline\n  enforce-version: latest' },
        };
      }
      const exemptions = objectAt(configuration, 'exemptions');
      const namespaces = textsAt(exemptions, 'namespaces').filter((name) => !NODE_NAMESPACES.includes(name));
      const users = textsAt(exemptions, 'usernames');
      if (namespaces.length + users.length === 0) continue;
      const names = [...users, ...namespaces];
      yield {
        title: `Pod Security passes over ${names
          .slice(0, 4)
          .map((name) => `\`${name}\``)
          .join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}`,
        message:
          'Whoever makes pods in an exempt namespace, or as an exempt user, is asked nothing. An exempt user also exempts what controllers make in its name only where it makes the pod itself, so that exemptions are rarely what they look like.',
        severity: users.length > 0 ? 'medium' : 'low',
        at: { resource, path: [...path, 'exemptions', users.length > 0 ? 'usernames' : 'namespaces'] },
        detail: 'exemptions',
      };
    }
  }
}
