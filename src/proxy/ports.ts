// What a proxy needs from the process it runs in, and what it offers it.
import type { Socket } from 'node:net';
import type { Portions } from '#base/portions.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { Emit } from '#model/event.ts';
import type { Fetch } from '#model/ports.ts';
import type { Revocation, TrustBundle, TrustState, WorkerReport } from '#model/snapshot.ts';
import type { EndpointChanges } from '#plan/endpoints.ts';
import type { NodePlan } from '#plan/plan.ts';
import type { Metrics } from '#telemetry/metrics.ts';
import type { Network } from '#wire/types.ts';
import type { OutsidePorts } from './egress/dial.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ProxyPorts {
  readonly network: Network;
  readonly emit: Emit;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
  /** For JWKS and external authorizers. */
  readonly fetch: Fetch;
  /** The world outside the mesh. */
  readonly outside: OutsidePorts;
  /** Bounds that this process shares with others; it is alone when absent. */
  readonly portions?: Portions;
  /** False in all workers but one: what has to be counted in one place is served by that one. Alone when absent. */
  readonly first?: boolean;
  /** Has the control plane sign a request. @returns PEM, leaf first; rejects when it is refused */
  requestSvid(identity: string, csrPem: string): Promise<string>;
  /** Whether the process at the other end of a loopback connection belongs to the workload. */
  ownsSocket(workload: string, socket: Socket): boolean | Promise<boolean>;
  /** Name of this process in events: `proxy/1`. */
  readonly node: string;
  /** Constant messages with fields; never a secret, never what a stranger sent beyond its sanitised form. */
  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void;
  /** True while policy is off for a workload: the demonstration's breach, said loudly at start-up. */
  policyOff?(workload: string): boolean;
}

export interface Snapshot {
  readonly version: string;
  readonly plan: NodePlan;
  readonly bundle: TrustBundle;
  /** As TrustState.trustVersion; absent: newer than all before. */
  readonly trustVersion?: number;
  readonly revoked?: readonly Revocation[];
  /** Key of session ids, base64. */
  readonly sessionKey: string;
  /** Private keys of serving certificates, PEM by key id: secrets. Those that came before and are missing here stay. */
  readonly tlsKeys?: Readonly<Record<string, string>>;
  /** After this the proxy refuses everything, unless the lease is renewed. */
  readonly expiresAtMs: number;
}

export interface Proxy {
  /** All or nothing: listeners, policies, routes and certificates are made first, then the whole is swapped in while requests run. */
  apply(snapshot: Snapshot): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  /** Endpoints that came or went since the configuration `from`, which must be the one in force; it is called `version` from then on. */
  replaceEndpoints(
    from: string,
    version: string,
    changes: EndpointChanges,
    expiresAtMs: number,
  ): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** Takes other roots or revocations. Revocations hold when it returns; resolves when the roots do too. */
  trust(state: TrustState): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  /** What peers are judged by. */
  readonly trustVersion: number;
  /** Has new certificates signed for these identities of its configuration, or for all. */
  renew(identities: readonly string[]): Promise<void>;
  /** Lets the configuration in force live longer. */
  lease(expiresAtMs: number): void;
  report(): WorkerReport;
  /** Accepts nothing new, lets what runs end for at most `graceMs`, then closes. */
  drain(graceMs: number): Promise<void>;
  /** Ends everything at once. */
  close(): Promise<void>;
}
