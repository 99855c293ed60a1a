import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { literalSecret } from './literal.ts';

export const annotationSecret = {
  id: 'secrets-config.annotation',
  name: 'Secret in an annotation',
  severity: 'medium',
  cwe: [312],
  why: 'Annotations are shown to everyone who may read the object, and are copied into events, metrics and exports.',
  help: 'Keep the value in a Secret and name that; change the value.',
  references: ['https://kubernetes.io/docs/concepts/security/secrets-good-practices/'],
  tags: ['nsa-k8s:secrets', 'pci-dss:8.6.2', 'soc2:CC6.1'],
  check,
} as const satisfies SystemRule;

/** Names of Kubernetes objects: what annotations of controllers name, `auth-secret: basic-auth`. */
const OBJECT_NAME = /^(?:[a-z0-9][-a-z0-9]{0,62}\/)?[a-z]{1,40}(?:[-.][a-z0-9]{1,40}){0,8}$/;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    for (const [key, value] of Object.entries(resource.metadata.annotations)) {
      const found = literalSecret(key.slice(key.lastIndexOf('/') + 1), value);
      if (!found || (found.by === 'name' && (OBJECT_NAME.test(value) || value.length < 8))) continue;
      yield {
        title: `annotation \`${key}\` of ${resource.kind} \`${resource.metadata.name}\` carries a secret`,
        at: { resource, path: ['metadata', 'annotations', key] },
      };
    }
  }
}
