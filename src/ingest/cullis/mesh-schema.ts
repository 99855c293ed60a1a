// The part of Istio's MeshConfig that changes what policies mean, in Istio's own spelling.
import { z } from 'zod';
import { OUTBOUND_MODES, PATH_NORMALIZATIONS } from '#model/istio.ts';
import { durationText } from './texts.ts';

// The planes run without code generation; zod then need not try it first.
z.config({ jitless: true });

const names = (description: string) => z.array(z.string().min(1)).optional().meta({ description });
const common = {
  service: z
    .string()
    .min(1)
    .meta({ description: 'host name of the authorizer as the mesh knows it, `namespace/host` or an address' }),
  port: z.int().min(1).max(65_535).meta({ description: 'port of the service' }),
  timeout: durationText(1).optional().meta({ description: 'how long an answer is waited for; 600s when absent, as in Istio' }),
  failOpen: z
    .boolean()
    .optional()
    .meta({ description: 'let requests pass when the authorizer does not answer; false when absent' }),
  clearRouteCache: z.boolean().optional().meta({ description: 'known, not acted on' }),
  statusOnError: z
    .string()
    .regex(/^[45]\d\d$/)
    .optional()
    .meta({ description: 'HTTP status that is answered when the authorizer does not; 403 when absent' }),
  includeRequestBodyInCheck: z
    .looseObject({})
    .optional()
    .meta({ description: 'known, not acted on: the body is not sent to the authorizer' }),
};

export const extAuthzHttp = z
  .strictObject({
    ...common,
    pathPrefix: z.string().optional().meta({ description: 'put before the path of the check request' }),
    includeHeadersInCheck: names('old name of includeRequestHeadersInCheck'),
    includeRequestHeadersInCheck: names('request headers that the check request carries; `prefix*` and `*suffix` are allowed'),
    includeAdditionalHeadersInCheck: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'headers with fixed values that the check request carries' }),
    headersToUpstreamOnAllow: names('headers of the answer that the allowed request gets'),
    headersToDownstreamOnAllow: names('headers of the answer that the client gets when the request was allowed'),
    headersToDownstreamOnDeny: names('headers of the answer that the client gets when the request was denied'),
  })
  .meta({ description: 'an authorizer that speaks HTTP' });
export const extAuthzGrpc = z.strictObject(common).meta({ description: "an authorizer that speaks Envoy's ext_authz over gRPC" });

const provider = {
  name: z.string().min(1).meta({ description: 'what CUSTOM policies call it' }),
  envoyExtAuthzHttp: extAuthzHttp.optional(),
  envoyExtAuthzGrpc: extAuthzGrpc.optional(),
};

const mesh = {
  trustDomain: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'trust domain of the identities; cluster.local when absent' }),
  trustDomainAliases: names('other trust domains that mean the same'),
  rootNamespace: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .meta({ description: 'namespace whose policies apply everywhere; istio-system when absent' }),
  pathNormalization: z
    .union([
      z.enum(['DEFAULT', ...PATH_NORMALIZATIONS]),
      z.strictObject({ normalization: z.enum(['DEFAULT', ...PATH_NORMALIZATIONS]).optional() }),
    ])
    .optional()
    .meta({ description: 'how request paths are made uniform before policies see them; BASE when absent' }),
};
const outboundMode = z.enum(OUTBOUND_MODES).optional().meta({
  description: 'REGISTRY_ONLY, the default here, refuses what no Service and no ServiceEntry names; ALLOW_ANY lets it out',
});
const topology = z.looseObject({ numTrustedProxies: z.int().min(0).max(100).optional() });

/** `spec.mesh` of a Platform: what it does not know is a mistake. */
export const meshSchema = z
  .strictObject({
    ...mesh,
    clusterDomain: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .meta({ description: 'DNS domain of the cluster; cluster.local when absent' }),
    outboundTrafficPolicy: z
      .strictObject({ mode: outboundMode })
      .optional()
      .meta({ description: 'what becomes of calls to hosts outside the mesh' }),
    numTrustedProxies: z
      .int()
      .min(0)
      .max(100)
      .optional()
      .meta({ description: 'proxies before the gateway whose X-Forwarded-For entries are believed; 0 when absent' }),
    multipleCustomProviders: z.boolean().optional().meta({ description: 'allow several CUSTOM providers on one workload' }),
    defaultConfig: z
      .strictObject({ gatewayTopology: topology.optional() })
      .optional()
      .meta({ description: "Istio's place for numTrustedProxies" }),
    extensionProviders: z.array(z.strictObject(provider)).max(100).optional().meta({ description: 'external authorizers' }),
  })
  .meta({ description: "the part of Istio's MeshConfig that changes what policies mean" });

/** `mesh` of Istio's own ConfigMap: it holds much that does not concern policies. */
export const istioMeshSchema = z.looseObject({
  ...mesh,
  outboundTrafficPolicy: z.looseObject({ mode: outboundMode }).optional(),
  defaultConfig: z.looseObject({ gatewayTopology: topology.optional() }).optional(),
  extensionProviders: z.array(z.looseObject(provider)).max(1000).optional(),
});

export type MeshDocument = z.infer<typeof meshSchema>;
export type IstioMeshDocument = z.infer<typeof istioMeshSchema>;
