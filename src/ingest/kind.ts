import type { AuthorizationPolicy, MeshConfig, PeerAuthentication, RequestAuthentication } from '#model/istio.ts';
import type { BackendTlsPolicy, Gateway, GrpcRoute, HttpRoute, ReferenceGrant, StreamRoute } from '#model/gateway.ts';
import type { EndpointSlice } from '#model/endpoint-slice.ts';
import type { VirtualService } from '#model/istio-routing.ts';
import type { DestinationRule } from '#model/istio-traffic.ts';
import type { ImageBuild } from '#model/image-build.ts';
import type { OAuthClient, OAuthServer } from '#model/oauth.ts';
import type { Telemetry } from '#model/telemetry.ts';
import type { PlatformSpec, WorkloadRun } from '#model/platform.ts';
import type { EgressPolicy, ServiceEntry, Sidecar } from '#model/istio-egress.ts';
import type { ObjectMeta, Resource } from '#model/resource.ts';
import type { Container } from '#model/system.ts';
import type { Check, RawObject } from './check.ts';
import type { Scope } from './scope.ts';

/** The members of MeshConfig that a document sets; the rest stays as it is. */
export type MeshPart = Partial<MeshConfig>;
/** What a Platform document sets. */
export type PlatformPart = Partial<Omit<PlatformSpec, 'limits'>> & {
  readonly limits?: Partial<PlatformSpec['limits']>;
  readonly mesh?: MeshPart;
};

/** What pods of a workload are made from, before mesh-wide settings are known. */
export interface PodDraft {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly replicas: number;
  readonly containers: readonly Container[];
  /** `envFrom` of each container: every key of the ConfigMap or Secret becomes a variable. */
  readonly envFrom: readonly {
    readonly container: number;
    readonly kind: 'configMap' | 'secret';
    readonly name: string;
    readonly prefix: string;
  }[];
  /** Path from the resource to the pod's spec. */
  readonly podPath: readonly (string | number)[];
  /** Where variables stand by their names, for formats that have them in a mapping. */
  readonly envPath?: readonly (string | number)[];
}

export interface ServicePortDraft {
  readonly name: string;
  readonly port: number;
  readonly targetPort: number | string;
  readonly transport: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol: string;
}

export interface ServiceDraft {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly ports: readonly ServicePortDraft[];
}

/** What a document means beyond being a resource. */
export type Part =
  | { readonly type: 'workload'; readonly pod: PodDraft }
  | { readonly type: 'service'; readonly service: ServiceDraft }
  /** Both at once. */
  | { readonly type: 'composeService'; readonly pod: PodDraft; readonly service: ServiceDraft }
  | { readonly type: 'namespace' }
  | { readonly type: 'configMap'; readonly data: Readonly<Record<string, string>> }
  | { readonly type: 'secret'; readonly keys: readonly string[] }
  | { readonly type: 'authorizationPolicy'; readonly policy: AuthorizationPolicy }
  | { readonly type: 'requestAuthentication'; readonly policy: RequestAuthentication }
  | { readonly type: 'peerAuthentication'; readonly policy: PeerAuthentication }
  | { readonly type: 'destinationRule'; readonly rule: DestinationRule }
  | { readonly type: 'endpointSlice'; readonly slice: EndpointSlice }
  | { readonly type: 'virtualService'; readonly service: VirtualService }
  | { readonly type: 'telemetry'; readonly telemetry: Telemetry }
  | { readonly type: 'gateway'; readonly gateway: Gateway }
  | { readonly type: 'httpRoute'; readonly route: HttpRoute }
  | { readonly type: 'serviceEntry'; readonly entry: ServiceEntry }
  | { readonly type: 'sidecar'; readonly sidecar: Sidecar }
  | { readonly type: 'egressPolicy'; readonly policy: EgressPolicy }
  | { readonly type: 'grpcRoute'; readonly route: GrpcRoute }
  | { readonly type: 'streamRoute'; readonly route: StreamRoute }
  | { readonly type: 'referenceGrant'; readonly grant: ReferenceGrant }
  | { readonly type: 'backendTlsPolicy'; readonly policy: BackendTlsPolicy }
  | { readonly type: 'platform'; readonly platform: PlatformPart }
  | { readonly type: 'vaultSecret' }
  | { readonly type: 'run'; readonly run: WorkloadRun }
  | { readonly type: 'api' }
  | { readonly type: 'apiPart' }
  | { readonly type: 'oauth'; readonly servers: readonly OAuthServer[]; readonly clients: readonly OAuthClient[] }
  | { readonly type: 'build'; readonly build: ImageBuild }
  | { readonly type: 'ignore' };

export interface Imported {
  readonly resource: Resource;
  readonly part?: Part;
}

/** A document whose apiVersion, kind and metadata are already read. */
export interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  /** The whole object as written. */
  readonly raw: RawObject;
}

/** Reads one kind. Gives undefined only after an error was told; what it gives is not used when the scope counted an error. */
export type KindReader = (document: Document, scope: Scope) => Imported | undefined;

export interface KindRow {
  readonly kind: string;
  /** '' is the core group. */
  readonly group: string;
  /** Empty: whatever the version is. */
  readonly versions: readonly string[];
  /** The group this one's objects are the same as: `extensions` handed its kinds to others. */
  readonly successor?: string;
  readonly scope: 'namespace' | 'cluster';
  /** Configuration files of programs have no `metadata`. */
  readonly nameless?: boolean;
  /** First part of the codes of its diagnostics. */
  readonly area: string;
  /** What it may be named; RFC 1123 subdomains when absent. */
  readonly name?: Check<string>;
  /** Whether this version does something with it beyond reading it. */
  readonly actedOn: boolean;
  readonly read: KindReader;
}

/** The resource with this spec (the raw one when it is not given) and the members beside it. */
export function resourceOf<Kind extends string, Spec>(document: Document, kind: Kind, spec: Spec): Resource<Kind, Spec> {
  const body: Record<string, unknown> = {};
  for (const name of Object.keys(document.raw)) {
    if (!NOT_BODY.has(name)) body[name] = document.raw[name];
  }
  return { apiVersion: document.apiVersion, kind, metadata: document.metadata, spec, body };
}

const NOT_BODY = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status', '__proto__']);
