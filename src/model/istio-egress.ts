// Istio's ServiceEntry and Sidecar as held after validation (istio/api networking/v1), and what this product adds: the bounds of a workload's way out.
import type { OutboundMode, TargetRef } from './istio.ts';
import type { LabelSelector, Resource } from './resource.ts';

export const ENTRY_PROTOCOLS = [
  'HTTP',
  'HTTPS',
  'GRPC',
  'GRPC-WEB',
  'HTTP2',
  'MONGO',
  'TCP',
  'TLS',
  'REDIS',
  'MYSQL',
  'UDP',
  'HTTP_PROXY',
] as const;
export type EntryProtocol = (typeof ENTRY_PROTOCOLS)[number];

export const RESOLUTIONS = ['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

export interface EntryPort {
  readonly number: number;
  readonly name: string;
  readonly protocol: EntryProtocol;
  /** Port at the endpoints; that of the endpoint's own table wins, `number` is the default. */
  readonly targetPort?: number;
}

export interface EntryEndpoint {
  /** An IP address, or a host name with the resolutions that look names up. */
  readonly address: string;
  /** By the name of the entry's port. */
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly weight: number;
}

export interface ServiceEntrySpec {
  /** As written; `*.example.com` is a wildcard. */
  readonly hosts: readonly string[];
  /** IP addresses and CIDR ranges. */
  readonly addresses: readonly string[];
  readonly ports: readonly EntryPort[];
  readonly location: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  readonly resolution: Resolution;
  readonly endpoints: readonly EntryEndpoint[];
  /** Workloads of the entry's namespace that serve it, by label. */
  readonly workloadSelector?: Readonly<Record<string, string>>;
  /** Empty: everybody. `.` is the entry's own namespace, `~` nobody. */
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
}

export interface ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  readonly spec: ServiceEntrySpec;
  /** The document as written; places of its parts are found through it. */
  readonly resource: Resource;
}

export interface SidecarEgress {
  /** Absent: every port. */
  readonly port?: number;
  /** `namespace/host`, with `.`, `*` and `~` for the namespace and wildcards for the host. */
  readonly hosts: readonly string[];
}

export interface SidecarSpec {
  /** Absent: every workload of the namespace. */
  readonly workloadSelector?: Readonly<Record<string, string>>;
  /** Absent: everything that is visible. */
  readonly egress?: readonly SidecarEgress[];
  readonly outboundTrafficPolicy?: OutboundMode;
  /** Members that were written and that this data plane does not act on. */
  readonly unsupported: readonly string[];
}

export interface Sidecar {
  readonly namespace: string;
  readonly name: string;
  readonly spec: SidecarSpec;
  readonly resource: Resource;
}

/** Bounds of what leaves within a sliding window; an absent member is no bound. */
export interface EgressLimits {
  readonly windowMs: number;
  /** Bytes from the workload to destinations outside: bodies, and bytes of TCP connections. */
  readonly bytes?: number;
  /** Requests, and TCP connections. */
  readonly requests?: number;
  /** Different destinations, by host. */
  readonly destinations?: number;
  /** Longest life of one TCP connection, tunnel or request. */
  readonly connectionMs?: number;
}

export const INSPECT_KINDS = ['secrets', 'payment-cards', 'ibans', 'emails'] as const;
export type InspectKind = (typeof INSPECT_KINDS)[number];

export interface EgressInspection {
  /** `deny` refuses what holds a finding, `raise` lets it pass and says so. */
  readonly action: 'deny' | 'raise';
  readonly kinds: readonly InspectKind[];
  /** Rules that do not count. */
  readonly exceptRules: readonly string[];
  /** Header fields that are meant to carry a credential for the destination, in lower case. */
  readonly exceptHeaders: readonly string[];
  /** Of one request body or one connection; what lies beyond is not looked at, or refused when `wholeOnly`. */
  readonly bytesMax: number;
  /** Different addresses in one request from which on they count as a leak. */
  readonly emailsMax: number;
  /** What cannot be read (compressed, beyond `bytesMax`) is treated as a finding. */
  readonly wholeOnly: boolean;
}

/** Bounds and inspection of the way out of workloads (cullis.dev/v1). Every policy that applies is enforced. */
export interface EgressPolicySpec {
  /** Workloads of the namespace; with neither this nor `targetRefs`, all of them, and of every namespace when it is the root namespace's. */
  readonly selector?: LabelSelector;
  /** `Service`: the workloads behind it. `ServiceEntry`: calls to it, by whoever may make them. */
  readonly targetRefs?: readonly TargetRef[];
  readonly limits?: EgressLimits;
  readonly inspect?: EgressInspection;
}
export type EgressPolicy = Resource<'EgressPolicy', EgressPolicySpec>;

/** What happens without any EgressPolicy: nothing is held back, and what looks like a leak is told. */
export const DEFAULT_INSPECTION: EgressInspection = {
  action: 'raise',
  kinds: INSPECT_KINDS,
  exceptRules: [],
  exceptHeaders: [
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-api-key',
    'api-key',
    'apikey',
    'x-auth-token',
    'x-goog-api-key',
  ],
  bytesMax: 1024 * 1024,
  emailsMax: 50,
  wholeOnly: false,
};
