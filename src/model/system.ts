// The System: everything the user declared, read once, frozen and hashed. What is observed at run time lives in observed.ts, never here.
import type { ApiDocument } from './api.ts';
import type { AuthorizationPolicy, MeshConfig, PeerAuthentication, RequestAuthentication } from './istio.ts';
import type { BackendTlsPolicy, Gateway, GrpcRoute, HttpRoute, ReferenceGrant, StreamRoute } from './gateway.ts';
import type { EgressPolicy, ServiceEntry, Sidecar } from './istio-egress.ts';
import type { EndpointSlice } from './endpoint-slice.ts';
import type { VirtualService } from './istio-routing.ts';
import type { DestinationRule } from './istio-traffic.ts';
import type { ImageBuild } from './image-build.ts';
import type { OAuthClient, OAuthServer } from './oauth.ts';
import type { Platform, WorkloadRun } from './platform.ts';
import type { Resource } from './resource.ts';
import type { Telemetry } from './telemetry.ts';

export interface Namespace {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface EnvVar {
  readonly name: string;
  /** Literal text after no expansion; undefined when it comes from elsewhere. */
  readonly value?: string;
  /** Where a non-literal value comes from; a secret's value never enters the System. */
  readonly from?: { readonly kind: 'secret' | 'configMap' | 'field' | 'resource'; readonly name: string; readonly key: string };
}

export interface ContainerPort {
  readonly name: string;
  readonly port: number;
  readonly transport: 'TCP' | 'UDP' | 'SCTP';
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly EnvVar[];
  readonly ports: readonly ContainerPort[];
  readonly init: boolean;
}

/** A running service: what a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob or bare Pod declares. */
export interface Workload {
  /** `namespace/name`; unique in the System (a second kind of the same name gets `namespace/name.kind`). */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  /** Labels of the pods, which selectors match on. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  /** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>` */
  readonly identity: string;
  readonly replicas: number;
  readonly containers: readonly Container[];
  readonly resource: Resource;
}

/** What flows on a service port, from appProtocol, else the port name's prefix, else its well-known number, else tcp (Istio protocol selection). */
export type AppProtocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'tls' | 'udp';

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** A number, or the name of a container port to be looked up per workload. */
  readonly targetPort: number | string;
  readonly protocol: AppProtocol;
}

export interface Service {
  /** `namespace/name` */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** `name.namespace.svc.<cluster domain>` */
  readonly host: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly ports: readonly ServicePort[];
  readonly resource: Resource;
}

/** A call that a workload's environment declares: `CART_ADDR=cart:7070`. */
export interface DeclaredCall {
  /** Workload id. */
  readonly from: string;
  /** Service id. */
  readonly to: string;
  readonly port: number;
  /** The environment variable that names it. */
  readonly variable: string;
  /** `container` index and `env` index inside the workload's resource are found by this path. */
  readonly path: readonly (string | number)[];
}

export interface System {
  readonly mesh: MeshConfig;
  readonly platform: Platform;
  readonly namespaces: readonly Namespace[];
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly calls: readonly DeclaredCall[];
  readonly gateways: readonly Gateway[];
  readonly httpRoutes: readonly HttpRoute[];
  readonly grpcRoutes: readonly GrpcRoute[];
  /** TLSRoute, TCPRoute, UDPRoute. */
  readonly streamRoutes: readonly StreamRoute[];
  readonly referenceGrants: readonly ReferenceGrant[];
  readonly backendTlsPolicies: readonly BackendTlsPolicy[];
  readonly authorizationPolicies: readonly AuthorizationPolicy[];
  readonly requestAuthentications: readonly RequestAuthentication[];
  readonly peerAuthentications: readonly PeerAuthentication[];
  readonly serviceEntries: readonly ServiceEntry[];
  readonly sidecars: readonly Sidecar[];
  readonly egressPolicies: readonly EgressPolicy[];
  readonly destinationRules: readonly DestinationRule[];
  readonly virtualServices: readonly VirtualService[];
  readonly telemetries: readonly Telemetry[];
  readonly endpointSlices: readonly EndpointSlice[];
  /** How workloads run on this machine (`cullis.dev/v1 Workload`). */
  readonly runs: readonly WorkloadRun[];
  /** OpenAPI and Swagger documents. */
  readonly apis: readonly ApiDocument[];
  readonly oauthServers: readonly OAuthServer[];
  readonly oauthClients: readonly OAuthClient[];
  /** Dockerfiles. */
  readonly builds: readonly ImageBuild[];
  /** Every document read, in order, those above included: kinds that nothing here acts on are kept whole. */
  readonly resources: readonly Resource[];
  /** Kinds that were read but that this version does not act on, with how many. */
  readonly notActedOn: readonly { readonly apiVersion: string; readonly kind: string; readonly count: number }[];
  /** Hex SHA-256 over the canonical JSON of `resources`; equal manifests give equal hashes whatever their order. */
  readonly hash: string;
}
