import type { ExchangeEvent } from '#model/event.ts';
import type { EffectiveMtlsMode, MeshConfig } from '#model/istio.ts';
import type { Limits } from '#model/platform.ts';
import type { TrustBundle } from '#model/snapshot.ts';
import type { RouteRulePlan } from '#plan/plan.ts';
import type { HostMap } from '#plan/host-map.ts';
import type { Backends, MirrorTarget } from './backends.ts';
import type { Endpoint } from '#plan/plan.ts';
import type { Egress } from './egress/way-out.ts';
import type { Sessions } from './sessions.ts';
import type { Address } from '#model/observed.ts';
import type { RouteTable } from '#plan/route.ts';
import type { Authorizer } from '#policy/authorizer.ts';
import type { Authenticator } from '#authn/request-authentication.ts';
import type { Counters } from './counters.ts';
import type { Destination } from './destination.ts';
import type { Edge } from './edge.ts';
import type { ExtAuthz } from './authorizer.ts';
import type { Tracing } from './tracing.ts';

export type Role = ExchangeEvent['role'];

/** What one listener serves under one configuration, compiled. Swapped whole; a request keeps the one it began with. */
export interface Service {
  /** Key of its listener: the address. */
  readonly key: string;
  readonly role: Role;
  readonly protocol: 'http' | 'tcp';
  readonly config: Config;
  readonly listen: Address;
  /** Workload id, or gateway id. */
  readonly workload: string;
  /** SPIFFE id of this side. */
  readonly identity: string;
  /** What policies match as destination port. */
  readonly port: number;
  /** What policies match as destination address; '' is the address of the connection. */
  readonly destinationIp: string;
  /** TLS of the listener: STRICT demands a certificate, PERMISSIVE takes both, DISABLE is plaintext, `edge` serves TLS to the world. */
  readonly mtls: EffectiveMtlsMode | 'edge';
  readonly mtlsAt: string;
  readonly authorizer: Authorizer;
  readonly authenticator: Authenticator | undefined;
  readonly extAuthz: ReadonlyMap<string, ExtAuthz>;
  /** Gateways, and sidecars' listeners that a VirtualService is for. */
  readonly routes: RouteTable | undefined;
  /** Gateway with TLS: the listeners of its port. */
  readonly edge: Edge<Service> | undefined;
  /** Gateway: what its TLS listeners demand of clients; connections do not outlive a change of it. */
  readonly clientDemands: string;
  /** Gateway, protocol tcp: where connections lead, by server name. */
  readonly streams: HostMap<StreamTarget> | undefined;
  /** Sidecars: the one destination behind the listener. */
  readonly destination: Destination | undefined;
  /** Sidecar-out that leads out of the mesh. */
  readonly egress: Egress | undefined;
  /** Sidecar-out: what is put back as authority, and the names that stand for the listener itself. */
  readonly authority: string;
  readonly ownAuthorities: ReadonlySet<string>;
  /** Name of the destination in events. */
  readonly destinationName: string;
  readonly counters: Counters;
  /** Undefined where no spans are sent. */
  readonly tracing: Tracing | undefined;
}

export interface StreamTarget {
  readonly id: string;
  readonly at: string;
  readonly backends: Backends;
}

/** The destinations of a configuration, as what runs sees them. */
export interface LiveDestinations {
  /** It is in force from now on: records and bounds of what it does not use are let go. */
  activate(): void;
  /** Looks at who is out of turn. */
  tick(nowMs: number): void;
  /** Endpoints that came or went, by cluster id; nothing else changes. */
  replace(changes: Readonly<Record<string, readonly Endpoint[]>>): void;
}

/** One snapshot, compiled: all listeners' services and what they share. */
export interface Config {
  readonly version: string;
  readonly mesh: MeshConfig;
  readonly limits: Limits;
  readonly bundle: TrustBundle;
  /** Trust domains whose members may speak here. */
  readonly trustDomains: readonly string[];
  readonly sessions: Sessions;
  /** '' when the platform names none. */
  readonly sessionCookie: string;
  readonly securityHeaders: boolean;
  readonly services: ReadonlyMap<string, Service>;
  /** Services behind the handshakes of shared ports, by their own keys. */
  readonly inner: ReadonlyMap<string, Service>;
  /** Ids of the private keys that its listeners show. */
  readonly servingKeys: ReadonlySet<string>;
  readonly backends: ReadonlyMap<RouteRulePlan, Backends>;
  readonly mirrors: ReadonlyMap<RouteRulePlan, readonly MirrorTarget[]>;
  readonly destinations: LiveDestinations;
  /** SPIFFE ids that need a certificate here. */
  readonly identities: ReadonlySet<string>;
}
