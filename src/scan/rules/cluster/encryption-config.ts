import type { FindingSeverity } from '#model/finding.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { asObject, listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

export const encryptionConfig = {
  id: 'cluster.encryption-config',
  name: 'Encryption at rest that does not encrypt',
  severity: 'high',
  cwe: [311, 312, 326],
  why: 'The first provider is the one that writes. Where that is `identity`, or where `secrets` are not named, Secrets stand in etcd as they are, and a disk, snapshot or backup of it is enough to have them.',
  help: 'Put a `kms` provider (version v2) first for `secrets`, keep `identity` last while old objects are rewritten, then remove it.',
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/'],
  tags: ['cis-k8s:1.2.28', 'nsa-k8s:secrets', 'pci-dss:3.5.1', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

const KINDS: readonly string[] = ['EncryptionConfiguration', 'EncryptionConfig'];

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (KINDS.includes(resource.kind)) yield* checkConfiguration(resource);
  }
}

function* checkConfiguration(resource: Resource): Generator<Hit> {
  const entries = listAt(resource.body, 'resources').map((entry, index) => ({
    names: textsAt(entry, 'resources'),
    providers: listAt(entry, 'providers').map((provider) => asObject(provider) ?? {}),
    path: ['resources', index] as Path,
  }));
  // The first entry that names a resource counts (a wildcard may stand last only).
  const secrets = entries.find(({ names }) => names.some((name) => name === 'secrets' || name === '*.' || name === '*.*'));
  if (!secrets) {
    yield {
      title: 'no entry encrypts `secrets`',
      at: { resource, path: ['resources'] },
      detail: 'no-secrets',
      fix: {
        text: 'Name `secrets`.',
        yaml: 'resources:\n  - resources: ["secrets"]\n    providers:\n      - kms: {apiVersion: v2, name: keys, endpoint: "unix:///run/kms.sock"}\n      - identity: {}',
      },
    };
  }
  for (const { names, providers, path } of entries) {
    const [first] = providers;
    if (!first) continue;
    const at: Path = [...path, 'providers', 0];
    const what = names
      .slice(0, 3)
      .map((name) => `\`${name}\``)
      .join(', ');
    if (memberOf(first, 'identity') !== undefined) {
      yield {
        title: `${what} ${names.length === 1 ? 'is' : 'are'} written unencrypted: \`identity\` stands first`,
        severity: secrets?.path === path ? 'high' : 'medium',
        at: { resource, path: at },
        fix: { text: 'Move `identity` to the end, behind a provider that encrypts.' },
      };
    }
    const told = weakProvider(first);
    if (told) yield { title: told.title, severity: told.severity, at: { resource, path: [...at, told.name] } };
    for (const [index, provider] of providers.entries()) {
      for (const name of ['aescbc', 'aesgcm', 'secretbox']) {
        const key = listAt(objectAt(provider, name), 'keys').findIndex((each) => memberOf(each, 'secret') !== undefined);
        if (key === -1) continue;
        yield {
          title: `the key of \`${name}\` stands in this file`,
          message:
            'Whoever reads this file decrypts every secret of the cluster: a key beside what it locks locks nothing, and a file in a repository has been read by many.',
          severity: 'high',
          at: { resource, path: [...path, 'providers', index, name, 'keys', key, 'name'] },
          fix: {
            text: 'Make a new key, keep it in a key management service by the `kms` provider, rewrite the secrets, and take this one out.',
          },
        };
      }
    }
  }
}

function weakProvider(
  provider: unknown,
): { readonly name: string; readonly title: string; readonly severity: FindingSeverity } | undefined {
  if (memberOf(provider, 'aescbc') !== undefined)
    return {
      name: 'aescbc',
      severity: 'low',
      title: '`aescbc` does not notice changed ciphertext (padding oracle); use `kms` or `secretbox`',
    };
  if (memberOf(provider, 'aesgcm') !== undefined)
    return { name: 'aesgcm', severity: 'low', title: '`aesgcm` with a fixed key wears out after few writes; use `kms`' };
  const kms = objectAt(provider, 'kms');
  if (kms && textAt(kms, 'apiVersion') !== 'v2')
    return {
      name: 'kms',
      severity: 'low',
      title: '`kms` version v1 is deprecated and off since Kubernetes 1.29; use `apiVersion: v2`',
    };
  return undefined;
}
