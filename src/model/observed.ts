// What is true at run time, apart from what was declared: where things listen, what was issued, what flowed.

/** Where to listen or connect. In a namespace, `ip:port` is meant inside that workload's own network. */
export interface Address {
  readonly ip: string;
  readonly port: number;
  /** Workload id whose network namespace the address belongs to; absent: the machine's own network. */
  readonly namespaceOf?: string;
}

/** Where one workload's parts live. Ports are keyed in decimal: container port for `app` and `inbound`, `serviceId:port` for `outbound`. */
export interface Placement {
  readonly workload: string;
  /** The application's own plaintext listener per workload port. */
  readonly app: Readonly<Record<string, Address>>;
  /** The sidecar's listener for peers per workload port. */
  readonly inbound: Readonly<Record<string, Address>>;
  /** The workload's own outbound listener per destination service port. */
  readonly outbound: Readonly<Record<string, Address>>;
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
}
