// What every kind of opening says about itself, before network and mesh are asked whether it leads in.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { Exposure, Reason, Transport } from '../face.ts';

export interface ExposureDraft {
  readonly target: Workload;
  readonly port: number;
  readonly transport: Transport;
  readonly service?: Exposure['service'];
  readonly through: Exposure['through'];
  readonly by: readonly Resource[];
  /** Where the opening is written, in the first of `by`. */
  readonly path: Path;
  readonly hosts: readonly string[];
  readonly paths: readonly string[];
  readonly tls: boolean;
  readonly sources: readonly string[];
  /** What the edge demands or narrows, in words. */
  readonly edge: readonly Reason[];
  /** The edge itself demands who calls. */
  readonly edgeAuthenticates: boolean;
  /** Who sends the packets to the pod. */
  readonly sender: Sender;
}

export type Sender =
  /** The client itself, its address kept. */
  | { readonly kind: 'client' }
  /** Nodes forward under their own address. */
  | { readonly kind: 'node' }
  /** A proxy, as far as it is in the System. `identity`: what it proves to the mesh. */
  | { readonly kind: 'proxy'; readonly workload?: Workload; readonly identity?: string; readonly name: string };

/** Ranges of private networks (RFC 1918, 6598, 4193): who reaches a balancer that is internal to a cloud network. */
export const INTERNAL_SOURCES: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
