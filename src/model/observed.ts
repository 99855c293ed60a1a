// What is true at run time, apart from what was declared: where things listen, what was issued, what flowed.

/** Where to listen or connect. In a namespace, `ip:port` is meant inside that workload's own network. */
export interface Address {
  readonly ip: string;
  readonly port: number;
  /** Workload id whose network namespace the address belongs to; absent: the machine's own network. */
  readonly namespaceOf?: string;
}

/** One running copy of a workload: its program, and its sidecar's listener for peers, per workload port. */
export interface Replica {
  readonly app: Readonly<Record<string, Address>>;
  readonly inbound: Readonly<Record<string, Address>>;
}

/** How a copy is doing: `draining` still answers what it has begun, `down` is not there. */
export type ReplicaHealth = 'ready' | 'starting' | 'draining' | 'down';

/** Where one workload's parts live. Ports are keyed in decimal: container port for `app` and `inbound`, `serviceId:port` for `outbound`. */
export interface Placement {
  readonly workload: string;
  /** The application's own plaintext listener per workload port. */
  readonly app: Readonly<Record<string, Address>>;
  /** The sidecar's listener for peers per workload port. */
  readonly inbound: Readonly<Record<string, Address>>;
  /** The workload's own outbound listener per destination service port. */
  readonly outbound: Readonly<Record<string, Address>>;
  /** Copies beside the first, which `app` and `inbound` are. */
  readonly replicas?: readonly (Replica & { readonly outbound?: Readonly<Record<string, Address>> })[];
}

/** Names a copy: the workload's id for the first, `shop/cart~1` for the next. `~` is in no name of Kubernetes. */
export function replicaId(workload: string, index: number): string {
  return index === 0 ? workload : `${workload}~${index}`;
}

/** Which workload a copy is of. */
export function workloadOf(replica: string): string {
  const at = replica.indexOf('~');
  return at < 0 ? replica : replica.slice(0, at);
}

/** A listener's key pair, as far as others may know it: the private key goes another way (`tlsKeys` in snapshot.ts). */
export interface ServingCertificate {
  /** Leaf first. */
  readonly chainPem: string;
  /** Hex SHA-256 of the public key: the name of its private key. */
  readonly keyId: string;
  /** DNS names that the leaf carries, lower case. */
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What was found behind references to certificates, by kind and id: `Secret shop/edge-cert`. A text says why something cannot be used. */
export interface TlsMaterial {
  readonly certificates: Readonly<Record<string, ServingCertificate | string>>;
  /** PEM blocks of each bundle of CA certificates. */
  readonly authorities: Readonly<Record<string, readonly string[] | string>>;
}

export interface Observed {
  /** By workload id. */
  readonly placements: Readonly<Record<string, Placement>>;
  /** Gateway listeners: `gatewayId/listener` -> address actually bound (busy ports are moved). */
  readonly gateways: Readonly<Record<string, Address>>;
  readonly isolation: 'none' | 'namespaces';
  /** Absent: nobody looked, so listeners that end TLS are planned without certificates and refuse every handshake. */
  readonly tls?: TlsMaterial;
  /** By replica id; what is not named is ready. */
  readonly health?: Readonly<Record<string, ReplicaHealth>>;
  /** Addresses that names of endpoints have now. */
  readonly resolved?: Readonly<Record<string, readonly string[]>>;
}
