// What the supervisor and the processes it starts say to each other over their IPC channels. Secrets travel on standard input at start, never here.
import type { FromBroker, ToBroker } from '#base/portions.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Event } from '#model/event.ts';
import type { Finding } from '#model/finding.ts';
import type { Observed } from '#model/observed.ts';
import type { System } from '#model/system.ts';

/** The one document on control's standard input. */
export interface ControlStart {
  /** As the user named them; `-` stands for `stdin`. */
  readonly paths: readonly string[];
  readonly stdin: string;
  readonly cwd: string;
  readonly stateDir: string;
  readonly socketPath: string;
  readonly pageDir: string;
  readonly adminPort: number;
  readonly isolation: 'none' | 'namespaces';
  readonly version: string;
  /** Names this run of the supervisor. */
  readonly run: string;
  /** Opens the admin API, the same for every control process of this run. */
  readonly ownerToken: string;
  /** Variables of the user's environment that telemetry may use (`OTEL_…`, `CULLIS_…`); values may be secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Worker name -> 256-bit token in base64url. */
  readonly workerTokens: Readonly<Record<string, string>>;
}

/** The one document on a worker's standard input. */
export interface WorkerStart {
  readonly name: string;
  readonly token: string;
  readonly socketPath: string;
  /** A folder of its own: nobody else writes there, and it writes nowhere else. */
  readonly journalDir: string;
  /** True when there are addresses inside namespaces, which the supervisor opens and passes as handles. */
  readonly handles: boolean;
  /** True when there are several workers: then every listening socket is the supervisor's, and all of them accept on it. */
  readonly shared: boolean;
  /** How many workers there are. */
  readonly workers: number;
  /** It takes the place of one that ended. */
  readonly anew: boolean;
}

export interface LoadedSystem {
  readonly system: System;
  readonly diagnostics: readonly Diagnostic[];
  readonly findings: readonly Finding[];
}

export interface ProcessState {
  readonly name: string;
  readonly kind: 'control' | 'proxy' | 'workload';
  readonly pid: number;
  readonly state: 'starting' | 'ready' | 'restarting' | 'stopped';
  readonly restarts: number;
  /** Workloads: what the manifests called it when it was started. */
  readonly version?: string;
}

/** What the supervisor asks of control; each is answered under its id. */
export type ControlRequest =
  /**
   * Where everything of this revision lives: the plan is built, distributed and acknowledged. Answers the version in force.
   * Without `policy` the AuthorizationPolicies are left out; only the demo does that, to show the breach before.
   */
  | { readonly type: 'place'; readonly revision: string; readonly observed: Observed; readonly policy: boolean }
  /** This revision cannot be had on this machine. */
  | { readonly type: 'unplaceable'; readonly revision: string; readonly reason: string }
  /** The configuration in force again, with or without AuthorizationPolicies. */
  | { readonly type: 'policy'; readonly on: boolean }
  /** These replicas are about to be stopped. Answered when no proxy sends them anything new. */
  | { readonly type: 'leaving'; readonly replicas: readonly string[] }
  /** With `settleMs`: once all workers have told what happened until now, or that time has passed. */
  | { readonly type: 'status'; readonly settleMs?: number }
  /** Answered when they are on disk. */
  | { readonly type: 'journal'; readonly events: readonly Event[] }
  | { readonly type: 'events'; readonly limit: number; readonly denied: boolean }
  | { readonly type: 'explain'; readonly decision: string };

export type ToControl =
  | { readonly id: number; readonly request: ControlRequest }
  | { readonly type: 'processes'; readonly processes: readonly ProcessState[] }
  /** Are you there? Answered with `pong`. */
  | { readonly type: 'ping' };

export type FromControlProcess =
  | { readonly type: 'pong' }
  /** It could not start, and why; it ends then. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  /** Manifests were read, at start and after each change; a `place` request for this revision must follow. */
  | { readonly type: 'loaded'; readonly revision: string; readonly loaded: LoadedSystem; readonly adminUrl: string }
  /** Manifests are wrong: at start nothing runs, later the former configuration stays. */
  | { readonly type: 'rejected'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly code: string; readonly message: string };

export type FromWorkerProcess =
  /** `ready`: a snapshot is in force in the worker. */
  { readonly type: 'ready' | 'pong' } | ToBroker;

export type ToWorker =
  /** Root process of each replica: whose sockets its outbound listeners accept. */
  | { readonly type: 'pids'; readonly pids: Readonly<Record<string, number>> }
  | { readonly type: 'stop'; readonly graceMs: number }
  | { readonly type: 'ping' }
  | FromBroker;
