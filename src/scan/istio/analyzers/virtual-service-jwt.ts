// Routes by the claims of a token that nothing has verified.
import { labelsMatch } from '#model/resource.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { objectAt, recordAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { selectorOf } from '../gateway-server.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';
import { gatewaysOf, MESH_GATEWAY } from '../virtual-service.ts';

const CLAIM = '@request.auth.claims';

export const VIRTUAL_SERVICE_JWT_ANALYZER = {
  id: 'istio.virtual-service-jwt',
  analyzer: 'virtualservice.JWTClaimRouteAnalyzer',
  name: 'route by claims of a token that nothing verifies',
  severity: 'medium',
  cwe: [345],
  why: 'Claims are there for routing only after a RequestAuthentication at the gateway has verified the token; without one the route never matches, and the next one answers.',
  help: 'add a RequestAuthentication for the gateway',
  references: [messageUrl('JwtClaimBasedRoutingWithoutRequestAuthN')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const service of mesh.istio('networking', 'VirtualService')) {
      const claim = claimOf(service);
      if (!claim) continue;
      const bare = gatewayPodsOf(mesh, service).find(({ pod }) => !isVerified(mesh, pod));
      if (!bare) continue;
      yield {
        code: 'JwtClaimBasedRoutingWithoutRequestAuthN',
        at: { resource: service, path: claim.path },
        title: `the route looks at \`${claim.key}\`, and no RequestAuthentication is in force at gateway \`${bare.gateway}\``,
      };
    }
  },
} satisfies MeshAnalyzer;

function claimOf({ spec }: Resource): { readonly key: string; readonly path: Path } | undefined {
  for (const rule of itemsAt(spec, 'http', ['spec'])) {
    for (const { raw, path } of itemsAt(rule.raw, 'match', rule.path)) {
      for (const field of ['headers', 'withoutHeaders']) {
        const key = Object.keys(objectAt(raw, field) ?? {}).find((each) => each.startsWith(CLAIM));
        if (key !== undefined) return { key, path: [...path, field, key] };
      }
    }
  }
  return undefined;
}

function gatewayPodsOf(mesh: MeshIndex, service: Resource): { readonly gateway: string; readonly pod: PodView }[] {
  return gatewaysOf(service).flatMap((name) => {
    if (name === MESH_GATEWAY) return [];
    const slash = name.indexOf('/');
    const namespace = slash === -1 ? service.metadata.namespace : name.slice(0, slash);
    const gateway = mesh.named('networking.istio.io', 'Gateway', namespace, name.slice(slash + 1));
    return gateway ? mesh.gatewayPods(selectorOf(gateway)).map((pod) => ({ gateway: name, pod })) : [];
  });
}

function isVerified(mesh: MeshIndex, pod: PodView): boolean {
  return mesh.istio('security', 'RequestAuthentication').some(({ metadata, spec }) => {
    if (metadata.namespace !== pod.namespace && metadata.namespace !== mesh.rootNamespace) return false;
    return labelsMatch(recordAt(objectAt(spec, 'selector'), 'matchLabels'), pod.labels);
  });
}
