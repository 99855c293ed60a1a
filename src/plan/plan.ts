// The Plan: all that one node proxy needs, as plain data. Made from System and Observed in build.ts, shipped as a snapshot, compiled in the worker.
import type {
  ExtAuthzProvider,
  EffectiveMtlsMode,
  MeshConfig,
  AuthorizationPolicy,
  RequestAuthentication,
} from '#model/istio.ts';
import type { EgressInspection, EgressLimits } from '#model/istio-egress.ts';
import type { Fraction, HttpRouteFilter, HttpRouteRule } from '#model/gateway.ts';
import type { Fault, VirtualMatch } from '#model/istio-routing.ts';
import type { Address, ServingCertificate } from '#model/observed.ts';
import type { Limits } from '#model/platform.ts';
import type { TrafficPlan } from './traffic.ts';
import type { TelemetryPlan } from './telemetry-plan.ts';

/** A resource with the places of its parts, since the origin side table does not travel between processes. */
export interface Placed<R> {
  readonly resource: R;
  /** `formatPath(path)` -> `file:line:column`, for the resource ('' key) and each part below spec that a reason may name. */
  readonly at: Readonly<Record<string, string>>;
}

/** The policies in force at one enforcement point, already selected by namespace, root namespace, selector and targetRefs. */
export interface PolicySet {
  readonly authorization: readonly Placed<AuthorizationPolicy>[];
  readonly requestAuthentication: readonly Placed<RequestAuthentication>[];
}

export interface InboundPort {
  /** Workload (container) port: what policies match on. */
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  /** The application speaks HTTP/2 with prior knowledge (service ports named `http2`, `grpc`, or with such an appProtocol). */
  readonly http2?: true;
  readonly mtls: EffectiveMtlsMode;
  /** Where the PeerAuthentication that decided says so; '' when it is the default. */
  readonly mtlsAt: string;
  /** Sidecar's listener for peers. */
  readonly listen: Address;
  /** The application. */
  readonly app: Address;
}

export interface Endpoint {
  readonly workload: string;
  /** The peer's sidecar. */
  readonly address: Address;
  /** The SPIFFE id its certificate must carry; '' when it has no sidecar and is spoken to in plaintext. */
  readonly identity: string;
  /** `region/zone/subzone`, parts from the end may be missing; absent: unknown. */
  readonly locality?: string;
  /** Share among its equals; 1 when absent. */
  readonly weight?: number;
  /** Takes no new requests; those under way end. */
  readonly draining?: true;
  /** Labels of the pod, for `failoverPriority`; only those that are compared. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A service port as destinations see it. */
export interface Cluster {
  /** `ecommerce/cart:7070` */
  readonly id: string;
  readonly service: string;
  /** `cart.ecommerce.svc.cluster.local` */
  readonly host: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  /** The service speaks HTTP/2 with prior knowledge. */
  readonly http2?: true;
  /** `outbound_.7070_._.cart.ecommerce.svc.cluster.local`, the SNI Istio uses. */
  readonly sni: string;
  /** How it is spread, bounded and watched (DestinationRule); absent: least requests, the platform's limits. */
  readonly traffic?: TrafficPlan;
  readonly endpoints: readonly Endpoint[];
  /** A destination outside the mesh. Endpoints without an identity are then dialled as it says; their `ip` may be a host name to be looked up. */
  readonly external?: External;
  /** Gateways speak TLS to the application itself (BackendTLSPolicy); within the mesh it travels inside mutual TLS. */
  readonly originate?: BackendTls;
}

/** How a gateway opens TLS to a backend and whom it believes there. */
export interface BackendTls {
  /** Server name that is asked for. */
  readonly hostname: string;
  /** One of these must be in the certificate; none given: `hostname`. */
  readonly names: readonly { readonly type: 'Hostname' | 'URI'; readonly value: string }[];
  /** PEM; empty: the certificate authorities that the machine's software trusts. */
  readonly roots: readonly string[];
  /** Why nothing may be sent there: the policy cannot be honoured. */
  readonly fault?: string;
}

/** How a destination outside the mesh is reached. */
export interface External {
  /** `namespace/name` of the ServiceEntry; '' when it is there because of ALLOW_ANY. */
  readonly entry: string;
  readonly at: string;
  /** There are no endpoints: the host that the caller names (Host, SNI) is looked up. */
  readonly asked?: true;
  readonly tls?: ExternalTls;
}

/** TLS that the proxy begins towards a destination outside (DestinationRule, `trafficPolicy.tls`). */
export interface ExternalTls {
  readonly mode: 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  /** '' is the host that was called. */
  readonly sni: string;
  /** DNS names or URIs of which the certificate must have one; empty: the server name. */
  readonly subjectAltNames: readonly string[];
  /** PEM roots; the public ones when absent. */
  readonly ca?: string;
  /** Shown with MUTUAL; its private key goes another way. */
  readonly certificate?: ServingCertificate;
  /** Why nothing may be sent there: roots or key pair cannot be had. */
  readonly fault?: string;
  readonly insecureSkipVerify: boolean;
  /** Where the rule says so. */
  readonly at: string;
}

/** What a listener towards the outside lets through. */
export interface EgressListener {
  readonly protocol: 'http' | 'tls' | 'tcp';
  readonly targets: readonly EgressTarget[];
}

export interface EgressTarget {
  /** Lower-case names, `*.example.com` and `*`; unused by TCP. */
  readonly hosts: readonly string[];
  readonly cluster: string;
  /** `namespace/name` of the ServiceEntry. */
  readonly entry: string;
}

/** One EgressPolicy as it applies to one workload. */
export interface EgressPolicyPlan {
  readonly id: string;
  readonly at: string;
  /** ServiceEntries whose calls it is about; absent: all calls. */
  readonly entries?: readonly string[];
  readonly limits?: EgressLimits;
  readonly inspect?: EgressInspection;
}

export interface OutboundListener {
  readonly cluster: string;
  readonly listen: Address;
  /** What the program meant to call (`cart:7070`): put back as authority when its request names the listener's own address. */
  readonly authority: string;
  /** It leads out of the mesh. */
  readonly egress?: EgressListener;
  /** Rules of the VirtualService for it, tried in their order; absent: everything goes to the cluster. */
  readonly virtualServices?: readonly VirtualHost[];
}

export interface WorkloadPlan {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly identity: string;
  readonly inbound: readonly InboundPort[];
  readonly outbound: readonly OutboundListener[];
  /** Bounds of its way out; all are enforced. */
  readonly egressPolicies?: readonly EgressPolicyPlan[];
  readonly policies: PolicySet;
  /** Of calls that it receives and makes; absent: nothing is sent to a collector. */
  readonly telemetryIn?: TelemetryPlan;
  readonly telemetryOut?: TelemetryPlan;
}

/** When and how a request is sent again. */
export interface RetryPolicy {
  /** Further tries after the first. */
  readonly attempts: number;
  /** Of each try; 0 for none of its own. */
  readonly perTryTimeoutMs: number;
  /** Envoy's words: `5xx`, `gateway-error`, `reset`, `connect-failure`, `refused-stream`, `retriable-status-codes`, … */
  readonly on: readonly string[];
  /** For `retriable-status-codes`. */
  readonly statuses: readonly number[];
  /** Upper bound of the first wait, which doubles with each try up to `backoffMaxMs`; each wait is drawn evenly from 0 to its bound. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

export interface BackendPlan {
  /** '' when the reference cannot be resolved: its share is answered with 500. */
  readonly cluster: string;
  readonly weight: number;
  /** Applied behind the rule's own to what goes there. */
  readonly filters?: readonly HttpRouteFilter[];
}

/** What a VirtualService says beyond a rule of Gateway API. */
export interface VirtualRulePlan {
  /** In place of the rule's `matches`; empty: everything. */
  readonly when: readonly VirtualMatch[];
  readonly fault?: Fault;
  /** Answered from here. */
  readonly direct?: { readonly status: number; readonly body: string };
}

export interface RouteRulePlan {
  /** `ecommerce/shop-route#0` */
  readonly id: string;
  readonly rule: HttpRouteRule;
  /** Cluster ids with weights, in backendRefs' order. */
  readonly backends: readonly BackendPlan[];
  /** Where copies of requests go, and of which share. */
  readonly mirrors?: readonly { readonly cluster: string; readonly fraction: Fraction }[];
  /** Absent: Istio's default. */
  readonly retry?: RetryPolicy;
  readonly virtual?: VirtualRulePlan;
  readonly at: string;
}

/** Connections of one TLSRoute or TCPRoute. */
export interface StreamRoutePlan {
  /** `shop/db-route#0` */
  readonly id: string;
  /** Server names as in VirtualHost; `*` alone for all of a port. */
  readonly hostnames: readonly string[];
  readonly backends: readonly BackendPlan[];
  readonly at: string;
}

/** What a listener shows, and demands, in handshakes. */
export interface ListenerTls {
  readonly mode: 'Terminate' | 'Passthrough';
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** With Terminate: at least one, unless the listener is closed. */
  readonly certificates: readonly ServingCertificate[];
  /** How clients prove themselves; absent: they are not asked. */
  readonly clients?: { readonly mode: 'AllowValidOnly' | 'AllowInsecureFallback'; /** PEM. */ readonly roots: readonly string[] };
}

export interface VirtualHost {
  /** Lower-case names; `*.example.com` and `*` allowed; most specific wins. */
  readonly hostnames: readonly string[];
  readonly rules: readonly RouteRulePlan[];
}

export interface GatewayListenerPlan {
  /** It ends the mesh's own mutual TLS: callers are workloads with their identities. */
  readonly mesh?: true;
  /** `ecommerce/shop/http` */
  readonly id: string;
  readonly listen: Address;
  /** Port as written in the Gateway. */
  readonly port: number;
  readonly hostname: string;
  readonly tls: boolean;
  readonly virtualHosts: readonly VirtualHost[];
  /** Rules of VirtualServices bound to the gateway, tried behind the others, in their order. */
  readonly virtualServices?: readonly VirtualHost[];
  /** Protocols HTTPS and TLS. A `tls` listener without it has no certificate and refuses every handshake. */
  readonly secure?: ListenerTls;
  /** Protocols TLS and TCP: bytes go on as they are, and there are no virtual hosts. */
  readonly streams?: readonly StreamRoutePlan[];
  /** Why it serves nothing. It stays in the plan so that no other listener answers for its host name. */
  readonly closed?: string;
}

/** A condition as Gateway API words it. */
export interface Condition {
  readonly type: 'Accepted' | 'Programmed' | 'ResolvedRefs' | 'Conflicted' | 'PartiallyInvalid';
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
}

/** What became of a Gateway, one of its listeners, or a route at one of its parents. */
export interface ResourceStatus {
  /** `Gateway shop/edge`, `HTTPRoute shop/web` */
  readonly resource: string;
  /** A listener's name, or a route's parent (`Gateway shop/edge/https`); '' for the Gateway as a whole. */
  readonly part: string;
  readonly conditions: readonly Condition[];
  readonly at: string;
  /** Rules of VirtualServices bound to the gateway, tried behind the others, in their order. */
  readonly virtualServices?: readonly VirtualHost[];
}

export interface GatewayPlan {
  /** `ecommerce/shop` */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `spiffe://…/ns/<namespace>/sa/<name>-<gateway class>`, as Istio names the account of a gateway that it deploys, unless the annotation
   *  `gateway.istio.io/service-account` names another. */
  readonly identity: string;
  readonly listeners: readonly GatewayListenerPlan[];
  /** Shown to backends that it speaks TLS to (`spec.tls.backend.clientCertificateRef`). */
  readonly backendCertificate?: ServingCertificate;
  readonly policies: PolicySet;
  /** Absent: nothing is sent to a collector. */
  readonly telemetry?: TelemetryPlan;
}

export interface NodePlan {
  /** Hex SHA-256 over the plan's canonical JSON without this field. */
  readonly version: string;
  readonly mesh: MeshConfig;
  readonly limits: Limits;
  /** Cookie whose value names a session; absent or '' when there is none. */
  readonly sessionCookie?: string;
  /** Gateways add security headers to answers over HTTPS that have none. */
  readonly securityHeaders?: true;
  /** Ranges that names outside the mesh may resolve to although they are private. */
  readonly egressPrivateAddresses?: readonly string[];
  readonly workloads: readonly WorkloadPlan[];
  readonly gateways: readonly GatewayPlan[];
  readonly clusters: readonly Cluster[];
  readonly extAuthz: readonly ExtAuthzProvider[];
  /** Conditions of Gateways and routes; absent where there are none. */
  readonly status?: readonly ResourceStatus[];
  /** Resources that could not be honoured and so closed something: shown in status. */
  readonly closed: readonly { readonly what: string; readonly why: string; readonly at: string }[];
}
