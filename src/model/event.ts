// Facts that leave the data plane. One line of the journal each; catalogue of types in telemetry/catalogue.ts.
import type { DenyCode, Reason } from './decision.ts';

interface EventBase {
  /** Opaque, unique, time-ordered (UUIDv7 text). A denial's id is what the caller sees and what `cullis explain` takes. */
  readonly id: string;
  readonly timeMs: number;
  /** Process that saw it, e.g. `proxy/1`, `control`. */
  readonly node: string;
}

/** The span of one hop, where the hop is traced and recorded. */
export interface SpanFacts {
  /** 16 hex digits. */
  readonly id: string;
  /** '' for the first of its trace. */
  readonly parentId: string;
  /** A gateway has two spans: this one is of the call it makes. */
  readonly clientId?: string;
  /** False: recorded because it was refused or failed, though its trace is not. */
  readonly sampled: boolean;
  /** Version of HTTP that the caller spoke. */
  readonly http: '1.0' | '1.1' | '2';
  readonly scheme: 'http' | 'https';
  /** `ip:port` of the next hop. */
  readonly peer?: string;
  /** From the start of the request to its sending on, ms; absent when it was not sent. */
  readonly sentMs?: number;
  /** How often it was sent again. */
  readonly resends?: number;
  readonly grpc?: true;
  /** Custom tags of Istio Telemetry. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** One request through a proxy (an Exchange), or one TCP connection when `protocol` is tcp. */
export interface ExchangeEvent extends EventBase {
  readonly type: 'exchange';
  readonly role: 'gateway' | 'sidecar-in' | 'sidecar-out';
  readonly protocol: 'http' | 'tcp';
  /** Workload id of this proxy's own side. */
  readonly workload: string;
  /** Verified source identity, '' when none. */
  readonly source: string;
  readonly sourceIp: string;
  /** Service or workload id called. */
  readonly destination: string;
  readonly destinationPort: number;
  readonly method: string;
  readonly host: string;
  /** Normalised path, query cut (a query may carry secrets). */
  readonly path: string;
  /** HTTP status sent to the caller; 0 for TCP. */
  readonly status: number;
  /** Status of a gRPC call (`grpc-status`), the HTTP status being 200 whatever came of it; absent where the answer has none. */
  readonly grpcStatus?: number;
  readonly allowed: boolean;
  readonly code?: DenyCode;
  readonly reasons?: readonly Reason[];
  /** Reasons of dry-run and AUDIT policies that matched. */
  readonly shadow?: readonly Reason[];
  readonly mtls: boolean;
  readonly tlsProtocol: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly sessionId: string;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly upstreamMs: number;
  readonly span?: SpanFacts;
}

export interface CertificateEvent extends EventBase {
  readonly type: 'certificate';
  readonly action: 'issued' | 'renewed' | 'refused' | 'ca-created' | 'ca-rotation' | 'revoked' | 'restored' | 'expired';
  readonly identity: string;
  readonly serial: string;
  readonly notAfterMs: number;
  readonly detail: string;
}

/** How one link is protected, said when it is first seen and whenever that changes; and from time to time of all links together. */
export interface LinkEvent extends EventBase {
  readonly type: 'link';
  readonly action: 'seen' | 'changed' | 'summary';
  /** Identity, or 'client' for a caller without one; '' in a summary. */
  readonly source: string;
  /** Workload or gateway id that received; '' in a summary. */
  readonly destination: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp' | '';
  readonly mtls: boolean;
  /** '' over plaintext. */
  readonly tlsProtocol: string;
  readonly cipher: string;
  readonly peerSerial: string;
  /** Age of the peer's certificate and time until its end, ms; 0 when it showed none. */
  readonly certificateAgeMs: number;
  readonly certificateLeftMs: number;
  /** Age of the oldest open connection, ms. */
  readonly connectionAgeMs: number;
  readonly connections: number;
  /** `file:line:column` of the PeerAuthentication in force at the receiver; '' for the default. */
  readonly at: string;
  readonly detail: string;
}

export interface ConfigEvent extends EventBase {
  readonly type: 'config';
  readonly action: 'applied' | 'rejected' | 'expired';
  readonly version: string;
  readonly detail: string;
}

export interface ProcessEvent extends EventBase {
  readonly type: 'process';
  readonly action: 'started' | 'ready' | 'exited' | 'restarted' | 'gave-up';
  readonly name: string;
  readonly pid: number;
  readonly detail: string;
}

export interface AuditEvent extends EventBase {
  readonly type: 'audit';
  readonly operator: string;
  readonly role: string;
  readonly action: string;
  readonly target: string;
  readonly allowed: boolean;
}

/** Something on the way out of a workload that is not one exchange: what looked like a leak, or a name server that is used as a tunnel. */
export interface EgressEvent extends EventBase {
  readonly type: 'egress';
  readonly action: 'refused' | 'raised';
  readonly what: 'content' | 'tunnelling' | 'address';
  readonly workload: string;
  /** Where to: a host name, or the domain that the names are below. */
  readonly host: string;
  /** 0 when it is not about one. */
  readonly port: number;
  /** `namespace/name` of the EgressPolicy, '' for the default. */
  readonly policy: string;
  /** `file:line:column` of it. */
  readonly at: string;
  /** Id of what found it. */
  readonly rule: string;
  /** Where it stood; never what stood there. */
  readonly place: string;
  readonly count: number;
  /** A sentence for people: lower-case, no full stop. */
  readonly text: string;
}

/** Look-ups of one name by one workload, gathered for at most a second. */
export interface NameEvent extends EventBase {
  readonly type: 'name';
  readonly workload: string;
  /** As asked, at most 255 characters, what is not printable as `?`. */
  readonly name: string;
  /** `A`, `TXT`, or the number of the record type. */
  readonly record: string;
  /** `mesh`: a service. `outside`: a host that a ServiceEntry names. `unknown`: neither, refused. `search`: a search domain behind another name. `limited`: too many. */
  readonly answer: 'mesh' | 'outside' | 'unknown' | 'search' | 'limited';
  readonly count: number;
}

/** Allowed-request events that a crash lost or a full queue dropped, counted and said. */
export interface GapEvent extends EventBase {
  readonly type: 'gap';
  readonly lost: number;
  readonly detail: string;
}

/** An endpoint of a destination came, went, was taken out of turn, or runs something else than declared. */
export interface EndpointEvent extends EventBase {
  readonly type: 'endpoint';
  readonly action: 'added' | 'removed' | 'ejected' | 'restored' | 'drifted' | 'settled';
  /** Service and port; '' when it concerns the workload whatever calls it. */
  readonly destination: string;
  readonly workload: string;
  /** `ip:port`, or the replica. */
  readonly address: string;
  readonly detail: string;
}

export type Event =
  | EgressEvent
  | NameEvent
  | ExchangeEvent
  | CertificateEvent
  | LinkEvent
  | ConfigEvent
  | ProcessEvent
  | AuditEvent
  | GapEvent
  | EndpointEvent;

/** Port: where planes send facts. */
export interface Emit {
  /** Batched for at most a second; may be lost in a crash, the loss is counted. For allowed requests. */
  emit(event: Event): void;
  /** Resolves when the event is on disk. For denials, certificates, configuration, audit. */
  emitDurably(event: Event): Promise<void>;
}
