// What the rest of the scan asks of reachability.
import type { Location } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';

export type Transport = 'TCP' | 'UDP' | 'SCTP';

/** Every address outside the cluster. */
export const INTERNET = 'internet';

/** A workload's id (`namespace/name`), `internet`, or an address range (`10.0.0.0/8`). */
export type PeerId = string;

/** Why something is allowed or refused, in the order it was decided. */
export interface Reason {
  readonly allows: boolean;
  /** One line: `NetworkPolicy shop/cart allows TCP 7070 from pods with app=frontend`. */
  readonly text: string;
  /** The resource that decides; undefined for a default of the platform. */
  readonly resource?: Resource;
  readonly location?: Location;
}

/** Ports from `first` to `last`, both included. */
export interface PortRange {
  readonly transport: Transport;
  readonly first: number;
  readonly last: number;
}

/** One port of a workload that a peer can talk to. */
export interface Access {
  readonly from: PeerId;
  /** Workload id. */
  readonly to: string;
  /** Port of the pod, not of the Service. */
  readonly port: number;
  readonly transport: Transport;
  /** Whether packets arrive: NetworkPolicy, AdminNetworkPolicy and BaselineAdminNetworkPolicy of both sides. */
  readonly network: boolean;
  /** How the mesh takes the connection: `mtls` (identity proved), `plaintext` (PERMISSIVE, DISABLE, excluded port), `none` (no mesh at the target), `refused`. */
  readonly link: 'mtls' | 'plaintext' | 'none' | 'refused';
  /** What the policies at the target let through of it. `some`: only certain methods, paths, tokens or other conditions. */
  readonly requests: 'all' | 'some' | 'none';
  readonly reasons: readonly Reason[];
}

/** A way from outside the cluster to a workload's port. */
export interface Exposure {
  /** Workload id. */
  readonly to: string;
  readonly port: number;
  /** TCP when absent. */
  readonly transport?: Transport;
  /** The Service port, when one stands between. */
  readonly service?: { readonly id: string; readonly port: number };
  /** Ingress, Gateway, HTTPRoute, VirtualService, Service of type LoadBalancer or NodePort, hostPort, hostNetwork, Compose `ports`. */
  readonly through: 'ingress' | 'gateway' | 'load-balancer' | 'node-port' | 'host-port' | 'host-network' | 'published-port';
  /** The resources it rests on, outermost first. */
  readonly by: readonly Resource[];
  /** Where the opening is written. */
  readonly location?: Location;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  /** Whether TLS is used on the outer side. */
  readonly tls: boolean;
  /** Address ranges that may use it (loadBalancerSourceRanges, allow-list annotations); empty: everyone. */
  readonly sources: readonly string[];
  /** Whether the edge or a policy at the target demands who calls (token, certificate, basic auth, external authorization). */
  readonly authenticated: boolean;
  readonly reasons: readonly Reason[];
}

export interface Reach {
  /** Workload ids, in order. */
  readonly workloads: readonly string[];
  /** Ports of `to` that packets of `from` reach at all, whatever listens there; merged and sorted. Direct, not through an ingress. */
  connections(from: PeerId, to: PeerId): readonly PortRange[];
  /** Every declared port of `to` as `from` finds it; the network's and the mesh's answer, with reasons. */
  access(from: PeerId, to: string): readonly Access[];
  /** One port, with reasons also when it is refused. */
  explain(from: PeerId, to: string, port: number, transport: Transport): Access;
  /** Ways in from outside. */
  exposures(): readonly Exposure[];
  /**
   * The same for who must not be too sure: a pod whose address nothing in the System states counts as let in by a rule that allows a large part of a
   * private network. What is exact says that such a block speaks of no pod for certain; an attacker needs no certainty.
   */
  cautious?(): Reach;
}
