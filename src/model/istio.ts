// Istio's security kinds as this product holds them after validation (istio/api security/v1). Field names are Istio's own.
import type { LabelSelector, Resource } from './resource.ts';

export const AUTHORIZATION_ACTIONS = ['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'] as const;
export type AuthorizationAction = (typeof AUTHORIZATION_ACTIONS)[number];

export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly sectionName?: string;
}

/** Fields are ANDed, the values of a field ORed; a missing field means any. */
export interface AuthorizationSource {
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  readonly serviceAccounts?: readonly string[];
  readonly notServiceAccounts?: readonly string[];
  readonly trustDomains?: readonly string[];
  readonly notTrustDomains?: readonly string[];
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
  readonly remoteIpBlocks?: readonly string[];
  readonly notRemoteIpBlocks?: readonly string[];
}

export interface AuthorizationOperation {
  readonly hosts?: readonly string[];
  readonly notHosts?: readonly string[];
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
}

export interface AuthorizationCondition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

export interface AuthorizationRule {
  readonly from?: readonly { readonly source: AuthorizationSource }[];
  readonly to?: readonly { readonly operation: AuthorizationOperation }[];
  readonly when?: readonly AuthorizationCondition[];
}

export interface AuthorizationPolicySpec {
  readonly selector?: LabelSelector;
  readonly targetRefs?: readonly TargetRef[];
  /** Istio's default is ALLOW; the reader fills it. */
  readonly action: AuthorizationAction;
  readonly provider?: { readonly name: string };
  /** Absent and empty both mean "never matches". */
  readonly rules?: readonly AuthorizationRule[];
}
export type AuthorizationPolicy = Resource<'AuthorizationPolicy', AuthorizationPolicySpec>;

export interface JwtHeader {
  readonly name: string;
  readonly prefix?: string;
}

export interface JwtRule {
  readonly issuer: string;
  readonly audiences?: readonly string[];
  readonly jwksUri?: string;
  readonly jwks?: string;
  /** Private keys stood in `jwks`; the reader took them out. */
  readonly jwksHeldPrivateKey?: true;
  readonly fromHeaders?: readonly JwtHeader[];
  readonly fromParams?: readonly string[];
  readonly fromCookies?: readonly string[];
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders?: readonly { readonly header: string; readonly claim: string }[];
  readonly forwardOriginalToken?: boolean;
  /** Duration text for the JWKS fetch; 5s when absent. */
  readonly timeout?: string;
  readonly spaceDelimitedClaims?: readonly string[];
  /** REQUIRED: a request without a token of this rule is refused; OPTIONAL, the default, lets it pass unauthenticated. */
  readonly presence?: 'OPTIONAL' | 'REQUIRED';
}

export interface RequestAuthenticationSpec {
  readonly selector?: LabelSelector;
  readonly targetRefs?: readonly TargetRef[];
  readonly jwtRules?: readonly JwtRule[];
}
export type RequestAuthentication = Resource<'RequestAuthentication', RequestAuthenticationSpec>;

export const MTLS_MODES = ['UNSET', 'DISABLE', 'PERMISSIVE', 'STRICT'] as const;
export type MtlsMode = (typeof MTLS_MODES)[number];
/** After inheritance nothing is UNSET. */
export type EffectiveMtlsMode = Exclude<MtlsMode, 'UNSET'>;

export interface PeerAuthenticationSpec {
  readonly selector?: LabelSelector;
  readonly mtls?: { readonly mode?: MtlsMode };
  /** Keyed by workload port in decimal. */
  readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: MtlsMode }>>;
}
export type PeerAuthentication = Resource<'PeerAuthentication', PeerAuthenticationSpec>;

export const PATH_NORMALIZATIONS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'] as const;
export type PathNormalization = (typeof PATH_NORMALIZATIONS)[number];

export const OUTBOUND_MODES = ['REGISTRY_ONLY', 'ALLOW_ANY'] as const;
/** What becomes of calls that no service and no ServiceEntry names. */
export type OutboundMode = (typeof OUTBOUND_MODES)[number];

/** An external authorizer named by CUSTOM policies (meshConfig.extensionProviders). */
export interface ExtAuthzProvider {
  readonly name: string;
  readonly protocol: 'http' | 'grpc';
  /** Host name as the mesh knows it, or an address. */
  readonly service: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly pathPrefix: string;
  readonly failOpen: boolean;
  /** HTTP status when there is no answer; 403 when absent. */
  readonly statusOnError?: number;
  readonly includeRequestHeadersInCheck: readonly string[];
  readonly includeAdditionalHeadersInCheck: Readonly<Record<string, string>>;
  readonly headersToUpstreamOnAllow: readonly string[];
  readonly headersToDownstreamOnDeny: readonly string[];
  readonly headersToDownstreamOnAllow: readonly string[];
}

/** The part of Istio's MeshConfig that changes what policies mean. Read from a `MeshConfig` in Platform or an `istio` ConfigMap. */
export interface MeshConfig {
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly rootNamespace: string;
  readonly clusterDomain: string;
  readonly pathNormalization: PathNormalization;
  readonly numTrustedProxies: number;
  readonly extensionProviders: readonly ExtAuthzProvider[];
  /** What becomes of calls that nothing in the mesh names; REGISTRY_ONLY here, unlike Istio, unless ALLOW_ANY is written. */
  readonly outboundTrafficPolicy: OutboundMode;
  /** Istio's PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS. */
  readonly multipleCustomProviders: boolean;
}

export const DEFAULT_MESH: MeshConfig = {
  trustDomain: 'cluster.local',
  trustDomainAliases: [],
  rootNamespace: 'istio-system',
  clusterDomain: 'cluster.local',
  pathNormalization: 'BASE',
  numTrustedProxies: 0,
  extensionProviders: [],
  outboundTrafficPolicy: 'REGISTRY_ONLY',
  multipleCustomProviders: false,
};
