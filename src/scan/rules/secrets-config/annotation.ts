import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { podTemplates } from '../../pod-template.ts';
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
/** `checksum/secret`, as charts write it so that pods are made anew when a Secret changes: a digest of it is no secret. */
const OF_CONTENT = /(?:^|[-./_])(?:checksum|hash|digest|sha\d{1,3}|md5|revision|generation|version)(?:$|[-./_])/i;
const DIGEST = /^(?:sha\d{1,3}:)?[0-9a-f]{8,128}$/i;

function* check({ system }: ScanContext): Generator<Hit> {
  for (const resource of system.resources) {
    const { kind, metadata } = resource;
    for (const [key, value] of Object.entries(metadata.annotations))
      if (isSecret(key, value))
        yield {
          title: `annotation \`${key}\` of ${kind} \`${metadata.name}\` carries a secret`,
          at: { resource, path: ['metadata', 'annotations', key] },
        };
  }
  for (const { resource, pod, at, kubernetes } of podTemplates(system)) {
    const path = at(['metadata', 'annotations']);
    // Those of a bare pod are the object's own.
    if (!kubernetes || path.length === 2) continue;
    for (const [key, value] of Object.entries(pod.annotations))
      if (typeof value === 'string' && isSecret(key, value))
        yield {
          title: `annotation \`${key}\` of the pods of ${resource.kind} \`${resource.metadata.name}\` carries a secret`,
          at: { resource, path: [...path, key] },
        };
  }
}

function isSecret(key: string, value: string): boolean {
  if (OF_CONTENT.test(key) && DIGEST.test(value)) return false;
  const found = literalSecret(key.slice(key.lastIndexOf('/') + 1), value);
  return found !== undefined && !(found.by === 'name' && (OBJECT_NAME.test(value) || value.length < 8));
}
