// What the supervisor and a namespace's init say to each other over Node's IPC channel.
import type { Query } from './init-dns.ts';
import type { Attempt } from './init-watch.ts';
import type { Exit } from './supervise.ts';

/** A service of the mesh as a workload sees it. */
export interface MeshService {
  /** Every name it answers to, e.g. `cart`, `cart.ecommerce`, `cart.ecommerce.svc`, `cart.ecommerce.svc.cluster.local`. */
  readonly names: readonly string[];
  readonly ip: string;
  readonly ports: readonly number[];
  /** A host outside the mesh; a name may then be `*.example.com`, or `*` for everything that is not the mesh's. */
  readonly outside?: true;
}

export type ToInit =
  | {
      readonly op: 'run';
      readonly run: number;
      readonly words: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly op: 'signal'; readonly run: number; readonly signal: NodeJS.Signals }
  /** Ends every process of the namespace but init and its parent. */
  | { readonly op: 'sweep'; readonly id: number }
  | { readonly op: 'listen'; readonly id: number; readonly ip: string; readonly port: number }
  | { readonly op: 'unlisten'; readonly id: number; readonly ip: string; readonly port: number }
  | {
      readonly op: 'connect';
      readonly id: number;
      readonly ips: readonly string[];
      readonly port: number;
      readonly timeoutMs: number;
    }
  | {
      readonly op: 'names';
      readonly id: number;
      readonly hosts: string;
      readonly table: readonly (readonly [name: string, ip: string])[];
      /** Addresses outside the mesh that are led to the sidecar. */
      readonly routes: readonly string[];
    };

export type FromInit =
  | { readonly ev: 'up' }
  /** What the name server was asked for. */
  | { readonly ev: 'queries'; readonly queries: readonly Query[] }
  /** What led nowhere. */
  | { readonly ev: 'attempts'; readonly attempts: readonly Attempt[]; readonly more: number }
  | { readonly ev: 'done'; readonly id: number }
  | { readonly ev: 'failed'; readonly id: number; readonly code: string; readonly message: string }
  | { readonly ev: 'started'; readonly run: number; readonly pid: number }
  | ({ readonly ev: 'exit'; readonly run: number } & Exit);
