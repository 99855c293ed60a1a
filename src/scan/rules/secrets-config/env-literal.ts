import { originOf } from '#model/origin.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { settingsOf } from '../tls/connections.ts';
import { literalSecret } from './literal.ts';

export const envLiteral = {
  id: 'secrets-config.env-literal',
  name: 'Secret written into the environment',
  severity: 'medium',
  cwe: [312, 526, 798],
  why: 'Everyone who reads the repository or may look at the object has the secret; it stays in the history after it is taken out, and every copy of the manifest carries it on.',
  help: 'Put the value into a secret store, refer to it by `secretKeyRef` or a mounted file, and change it: it has been read.',
  references: ['https://kubernetes.io/docs/concepts/security/secrets-good-practices/'],
  tags: ['cis-k8s:5.4.1', 'nsa-k8s:secrets', 'pci-dss:8.6.2', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const { name, value, resource, path, workloads } of settingsOf(system)) {
    if (resource.kind === 'ConfigMap') continue;
    const found = literalSecret(name, value);
    if (!found) continue;
    const document = originOf(resource);
    const who = workloads[0]?.id ?? resource.metadata.name;
    const kubernetes = path.at(-1) === 'value';
    const key = name.toLowerCase().replaceAll('_', '-');
    const reference = { secretKeyRef: { name: `${workloads[0]?.name ?? 'app'}-secrets`, key } };
    yield {
      title:
        found.by === 'url'
          ? `\`${name}\` of \`${who}\` carries a password in its URL`
          : `\`${name}\` of \`${who}\` is written out${found.guessable ? ', with a value that everyone tries first' : ''}`,
      at: { resource, path },
      detail: name,
      fix: {
        text: 'Refer to a Secret, and change the value.',
        ...(kubernetes && {
          yaml: `- name: ${name}\n  valueFrom:\n    secretKeyRef:\n      name: ${reference.secretKeyRef.name}\n      key: ${key}`,
          ...(document && {
            edits: [
              { op: 'remove' as const, document, path },
              { op: 'set' as const, document, path: [...path.slice(0, -1), 'valueFrom'], value: reference },
            ],
          }),
        }),
      },
    };
  }
}
