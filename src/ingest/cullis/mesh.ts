// MeshConfig documents to what the model holds.
import { parseDurationMs } from '#base/duration.ts';
import type { ExtAuthzProvider } from '#model/istio.ts';
import type { MeshPart } from '../kind.ts';
import type { Scope } from '../scope.ts';
import type { IstioMeshDocument, MeshDocument } from './mesh-schema.ts';

/** Istio waits this long for an external authorizer when nothing else is said. */
const TIMEOUT_MS = 600_000;
const NOT_ACTED_ON = ['includeRequestBodyInCheck', 'clearRouteCache'] as const;

/** What a mesh document sets. Stands at the document's own path. */
export function meshPart(document: MeshDocument | IstioMeshDocument, scope: Scope): MeshPart {
  const normalization =
    typeof document.pathNormalization === 'string' ? document.pathNormalization : document.pathNormalization?.normalization;
  const own = document as Partial<MeshDocument>;
  const trusted = own.numTrustedProxies ?? document.defaultConfig?.gatewayTopology?.numTrustedProxies;
  const settings = {
    trustDomain: document.trustDomain,
    trustDomainAliases: document.trustDomainAliases,
    rootNamespace: document.rootNamespace,
    clusterDomain: 'clusterDomain' in document && typeof document.clusterDomain === 'string' ? document.clusterDomain : undefined,
    pathNormalization: normalization === 'DEFAULT' ? ('BASE' as const) : normalization,
    numTrustedProxies: trusted,
    multipleCustomProviders: typeof own.multipleCustomProviders === 'boolean' ? own.multipleCustomProviders : undefined,
    // Without a mode Istio's own text means REGISTRY_ONLY, its enum's first value.
    outboundTrafficPolicy: document.outboundTrafficPolicy && (document.outboundTrafficPolicy.mode ?? ('REGISTRY_ONLY' as const)),
    extensionProviders: document.extensionProviders && providers(document.extensionProviders, scope),
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as MeshPart;
}

type ProviderDocument = NonNullable<MeshDocument['extensionProviders']>[number];

/** External authorizers; providers of other things (tracing, metrics, logs) are passed over. */
function providers(documents: readonly ProviderDocument[], scope: Scope): readonly ExtAuthzProvider[] {
  const found: ExtAuthzProvider[] = [];
  documents.forEach((document, i) => {
    scope.enter('extensionProviders');
    scope.enter(i);
    const { name, envoyExtAuthzHttp: http, envoyExtAuthzGrpc: grpc } = document;
    if (http && grpc) scope.error('provider', `the provider \`${name}\` speaks either HTTP or gRPC, not both`);
    else if (found.some((each) => each.name === name)) scope.error('duplicate', `two providers are named \`${name}\``);
    else if (http ?? grpc) found.push(provider(name, document, scope));
    scope.leave();
    scope.leave();
  });
  return found;
}

function provider(name: string, document: ProviderDocument, scope: Scope): ExtAuthzProvider {
  const http = document.envoyExtAuthzHttp;
  const member = http ? 'envoyExtAuthzHttp' : 'envoyExtAuthzGrpc';
  const any = http ?? document.envoyExtAuthzGrpc!;
  for (const field of NOT_ACTED_ON) {
    if (any[field] !== undefined)
      scope.at(member, () => scope.at(field, () => scope.warn('not-acted-on', `\`${field}\` is not acted on`)));
  }
  return {
    name,
    protocol: http ? 'http' : 'grpc',
    // `namespace/host` picks among equal hosts; the host alone is what is looked up here.
    service: any.service.slice(any.service.lastIndexOf('/') + 1),
    port: any.port,
    timeoutMs: any.timeout === undefined ? TIMEOUT_MS : parseDurationMs(any.timeout)!,
    pathPrefix: http?.pathPrefix ?? '',
    failOpen: any.failOpen ?? false,
    ...(any.statusOnError !== undefined && { statusOnError: Number(any.statusOnError) }),
    includeRequestHeadersInCheck: http?.includeRequestHeadersInCheck ?? http?.includeHeadersInCheck ?? [],
    includeAdditionalHeadersInCheck: http?.includeAdditionalHeadersInCheck ?? {},
    headersToUpstreamOnAllow: http?.headersToUpstreamOnAllow ?? [],
    headersToDownstreamOnDeny: http?.headersToDownstreamOnDeny ?? [],
    headersToDownstreamOnAllow: http?.headersToDownstreamOnAllow ?? [],
  };
}
