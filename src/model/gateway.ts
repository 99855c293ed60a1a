// Gateway API kinds as held after validation (gateway.networking.k8s.io, standard and experimental channel).
import type { Resource } from './resource.ts';

/** Names an object: of another kind than the usual one with its group before it (`example.com/Certificate`). */
export interface ObjectRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** How clients of a TLS listener prove themselves (GEP-91). */
export interface ClientValidation {
  /** `AllowInsecureFallback`: a client without a good certificate is served all the same, without an identity. */
  readonly mode: 'AllowValidOnly' | 'AllowInsecureFallback';
  /** ConfigMaps or Secrets with `ca.crt`. */
  readonly caCertificateRefs: readonly ObjectRef[];
}

/** A requirement on labels (Kubernetes LabelSelectorRequirement). */
export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

export interface GatewayListener {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' | 'UDP';
  readonly tls?: {
    readonly mode: 'Terminate' | 'Passthrough';
    readonly certificateRefs: readonly ObjectRef[];
    /** It ends the mesh's own mutual TLS: for callers of the mesh, as egress gateways are. */
    readonly mesh?: true;
    readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
    /** Keys of `options` that nothing here understands: what they ask for is not known, so the listener stays closed. */
    readonly unknownOptions?: readonly string[];
    /** The listener's own, from before `spec.tls.frontend` (GEP-91 as of v1.1). */
    readonly clientValidation?: ClientValidation;
  };
  readonly allowedRoutes?: {
    readonly namespaces?: {
      readonly from: 'All' | 'Same' | 'Selector' | 'None';
      readonly selector?: Readonly<Record<string, string>>;
      readonly expressions?: readonly LabelExpression[];
    };
    /** Route kinds that may attach; absent: what the protocol allows. The group is filled: `gateway.networking.k8s.io` by default. */
    readonly kinds?: readonly { readonly group: string; readonly kind: string }[];
  };
}

export interface GatewaySpec {
  readonly gatewayClassName: string;
  readonly listeners: readonly GatewayListener[];
  /** `spec.tls.frontend`: the default, and what takes its place on single ports (undefined: clients are not asked). */
  readonly frontend?: {
    readonly validation?: ClientValidation;
    readonly perPort: readonly { readonly port: number; readonly validation?: ClientValidation }[];
  };
  /** `spec.tls.backend.clientCertificateRef`: what the gateway shows to backends with a BackendTLSPolicy. */
  readonly backendCertificate?: ObjectRef;
}
export type Gateway = Resource<'Gateway', GatewaySpec>;

export interface ParentRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface StringMatch {
  readonly type: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

export interface HttpRouteMatch {
  readonly path: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string };
  readonly headers: readonly StringMatch[];
  readonly queryParams: readonly StringMatch[];
  readonly method?: string;
}

export interface HeaderChange {
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly add: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
}

export interface PathModifier {
  readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  readonly value: string;
}

export type HttpRouteFilter =
  | { readonly type: 'RequestHeaderModifier'; readonly change: HeaderChange }
  | { readonly type: 'ResponseHeaderModifier'; readonly change: HeaderChange }
  | { readonly type: 'URLRewrite'; readonly hostname?: string; readonly path?: PathModifier }
  | {
      readonly type: 'RequestRedirect';
      readonly scheme?: 'http' | 'https';
      readonly hostname?: string;
      readonly port?: number;
      readonly path?: PathModifier;
      readonly statusCode: 301 | 302 | 303 | 307 | 308;
    }
  | { readonly type: 'RequestMirror'; readonly backend: BackendRef; readonly fraction: Fraction }
  | { readonly type: 'CORS'; readonly cors: CorsPolicy }
  /** Kept so that a rule with a filter this version cannot apply answers 500 (Gateway API), never passes unfiltered. */
  | { readonly type: 'Unsupported'; readonly name: string };

/** A share of requests: `numerator` of every `denominator`. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** Cross-origin requests that browsers may make (GEP-1767). */
export interface CorsPolicy {
  /** `https://example.com`, `https://*.example.com`, `*`. */
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean;
  /** `*` alone: whatever is asked for. */
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface BackendRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port: number;
  readonly weight: number;
  /** Filters for requests that go to this backend, behind the rule's own. */
  readonly filters?: readonly HttpRouteFilter[];
}

/** GEP-1731. */
export interface HttpRouteRetry {
  readonly codes: readonly number[];
  readonly attempts?: number;
  readonly backoffMs?: number;
}

export interface HttpRouteRule {
  readonly name?: string;
  /** Never empty: the reader fills Gateway API's default, one match on prefix `/`. */
  readonly matches: readonly HttpRouteMatch[];
  readonly filters: readonly HttpRouteFilter[];
  readonly backendRefs: readonly BackendRef[];
  readonly timeouts?: { readonly requestMs?: number; readonly backendRequestMs?: number };
  readonly retry?: HttpRouteRetry;
}

export interface HttpRouteSpec {
  readonly parentRefs: readonly ParentRef[];
  readonly hostnames: readonly string[];
  readonly rules: readonly HttpRouteRule[];
}
export type HttpRoute = Resource<'HTTPRoute', HttpRouteSpec>;

export interface GrpcRouteMatch {
  /** Without `service` every service, without `method` every method. */
  readonly method?: { readonly type: 'Exact' | 'RegularExpression'; readonly service?: string; readonly method?: string };
  readonly headers: readonly StringMatch[];
}

export interface GrpcRouteRule {
  readonly name?: string;
  /** Never empty: one match without conditions stands for all calls. */
  readonly matches: readonly GrpcRouteMatch[];
  readonly filters: readonly HttpRouteFilter[];
  readonly backendRefs: readonly BackendRef[];
}

export interface GrpcRouteSpec {
  readonly parentRefs: readonly ParentRef[];
  readonly hostnames: readonly string[];
  readonly rules: readonly GrpcRouteRule[];
}
export type GrpcRoute = Resource<'GRPCRoute', GrpcRouteSpec>;

export interface StreamRouteRule {
  readonly name?: string;
  readonly backendRefs: readonly BackendRef[];
}

/** Connections as they are: by server name (TLSRoute), or all of a port (TCPRoute; UDPRoute is read and not served). */
export interface StreamRouteSpec {
  readonly parentRefs: readonly ParentRef[];
  /** Server names; TLSRoute only. */
  readonly hostnames: readonly string[];
  readonly rules: readonly StreamRouteRule[];
}
export type StreamRoute = Resource<'TLSRoute' | 'TCPRoute' | 'UDPRoute', StreamRouteSpec>;

export type Route = HttpRoute | GrpcRoute | StreamRoute;

export interface ReferenceGrantSpec {
  /** '' is the core group. */
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  /** Without a name: every object of the kind. */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
}
export type ReferenceGrant = Resource<'ReferenceGrant', ReferenceGrantSpec>;

export interface BackendTlsPolicySpec {
  readonly targetRefs: readonly { readonly kind: string; readonly name: string; readonly sectionName?: string }[];
  readonly validation: {
    /** Server name that is asked for ('': none is given, and nothing can be validated), and that the certificate must carry unless `subjectAltNames` say others. */
    readonly hostname: string;
    readonly wellKnownCACertificates?: string;
    readonly caCertificateRefs: readonly ObjectRef[];
    readonly subjectAltNames: readonly { readonly type: 'Hostname' | 'URI'; readonly value: string }[];
  };
}
export type BackendTlsPolicy = Resource<'BackendTLSPolicy', BackendTlsPolicySpec>;
