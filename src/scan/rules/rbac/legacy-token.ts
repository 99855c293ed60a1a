import { textAt } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';

const ACCOUNT = 'kubernetes.io/service-account.name';

export const legacyToken = {
  id: 'rbac.legacy-token',
  name: 'Token that never expires',
  severity: 'medium',
  cwe: [324, 613],
  why: 'A Secret of this type holds a token that is good until someone deletes it, for every audience, and that everyone who reads secrets of the namespace can take away.',
  help: 'Use the TokenRequest API: a projected `serviceAccountToken` volume, or `kubectl create token`, with an expiry and an audience.',
  references: ['https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets'],
  tags: ['cis-k8s:5.1.6', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    if (resource.kind !== 'Secret' || textAt(resource.body, 'type') !== 'kubernetes.io/service-account-token') continue;
    const { name, namespace, annotations } = resource.metadata;
    const account = annotations[ACCOUNT];
    yield {
      title: `Secret \`${name}\` holds a token of service account \`${namespace}/${account ?? '?'}\` that never expires`,
      at: { resource, path: ['type'] },
    };
  }
}
