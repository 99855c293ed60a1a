import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';

const VERSION = 'gateway.networking.k8s.io/bundle-version';

/** The oldest bundle of the Gateway API whose definition Istio takes; it passes over older ones. */
const MINIMUM: ReadonlyMap<string, readonly [number, number, number]> = new Map([
  ['grpcroutes.gateway.networking.k8s.io', [1, 1, 0]],
  ['backendtlspolicies.gateway.networking.k8s.io', [1, 4, 0]],
  ['tlsroutes.gateway.networking.k8s.io', [1, 5, 0]],
]);

export const CRD_VERSION_ANALYZER = {
  id: 'istio.gateway-api-version',
  analyzer: 'k8sgateway.CRDVersionAnalyzer',
  name: 'definition of the Gateway API is too old for Istio',
  severity: 'info',
  cwe: [],
  why: 'Istio passes over objects of a kind whose definition is older than it needs: routes of that kind, and TLS to backends, are not made.',
  help: 'install a newer bundle of the Gateway API',
  references: [messageUrl('GatewayAPICRDVersionBelowMinimum')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const resource of mesh.kind('apiextensions.k8s.io', 'CustomResourceDefinition')) {
      const minimum = MINIMUM.get(resource.metadata.name);
      const said = resource.metadata.annotations[VERSION];
      const parts = /^v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(said ?? '');
      if (!minimum || !parts) continue;
      const version = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
      const at = version.findIndex((part, i) => part !== minimum[i]);
      if (at === -1 || version[at]! > minimum[at]!) continue;
      yield {
        code: 'GatewayAPICRDVersionBelowMinimum',
        at: { resource, path: ['metadata', 'annotations', VERSION] },
        title: `\`${resource.metadata.name}\` is of bundle \`${said}\`; Istio needs at least ${minimum.join('.')}`,
      };
    }
  },
} satisfies MeshAnalyzer;
