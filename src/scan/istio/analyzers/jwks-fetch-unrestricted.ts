import { textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex } from '../mesh-index.ts';

const VARIABLE = 'BLOCKED_CIDRS_IN_JWKS_URIS';

export const BLOCKED_CIDRS_ANALYZER = {
  id: 'istio.jwks-fetch-unrestricted',
  analyzer: 'authn.BlockedCIDRsAnalyzer',
  name: 'istiod fetches key sets from any address',
  severity: 'low',
  cwe: [918],
  why: 'istiod fetches the `jwksUri` of every RequestAuthentication. Whoever may write one lets it ask addresses inside the cluster and the metadata service of the cloud.',
  help: `set \`${VARIABLE}\` of istiod to the ranges that hold no identity provider`,
  references: [messageUrl('JwksUriFetchUnrestricted')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const count = mesh.istio('security', 'RequestAuthentication').length;
    if (count === 0) return;
    for (const pod of mesh.pods) {
      if (pod.resource.kind !== 'Deployment' || pod.resource.metadata.labels['app'] !== 'istiod') continue;
      const set = containersOf(pod, ['containers']).some(({ raw, path }) =>
        itemsAt(raw, 'env', path).some(({ raw: entry }) => textAt(entry, 'name') === VARIABLE && textAt(entry, 'value')),
      );
      if (set) continue;
      yield {
        code: 'JwksUriFetchUnrestricted',
        at: { resource: pod.resource, path: [...pod.base, 'spec', 'containers'] },
        title: `istiod fetches key sets from any address, for ${count} RequestAuthentication${count > 1 ? 's' : ''}`,
        fix: {
          text: 'block the private and the link-local ranges',
          yaml: `env:\n  - name: ${VARIABLE}\n    value: 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,127.0.0.0/8\n`,
        },
      };
    }
  },
} satisfies MeshAnalyzer;
