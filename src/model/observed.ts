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

export interface Observed {
  /** By workload id. */
  readonly placements: Readonly<Record<string, Placement>>;
  /** Gateway listeners: `gatewayId/listener` -> address actually bound (busy ports are moved). */
  readonly gateways: Readonly<Record<string, Address>>;
  readonly isolation: 'none' | 'namespaces';
}
