// What the control plane needs from the process it runs in, and what it gives.
import type { ExplainResponse, ReloadResponse, StatusResponse } from '#api/control.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Emit } from '#model/event.ts';
import type { Finding } from '#model/finding.ts';
import type { Observed } from '#model/observed.ts';
import type { KeyWrap, Kv } from '#model/ports.ts';
import type { System } from '#model/system.ts';
import type { EndpointTurn } from '#plan/build.ts';
import type { NodePlan } from '#plan/plan.ts';
import type { Logger } from '#telemetry/log.ts';
import type { Metrics } from '#telemetry/metrics.ts';
import type { ChangeFinder } from './explanation.ts';
import type { Operators } from './operators.ts';
import type { ProcessView } from './status.ts';

export interface ControlPorts {
  readonly kv: Kv;
  readonly keyWrap: KeyWrap;
  /** Control's own journal. */
  readonly journal: Emit;
  /** Folder with the journals of all processes, for queries. */
  readonly journalDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Of the product. */
  readonly version: string;
  readonly isolation: 'none' | 'namespaces';
  /** The supervisor's run: the last snapshot is taken up again after a restart of control within the same run only. */
  readonly run: string;
  readonly socketPath: string;
  /** Worker name -> token. */
  readonly workerTokens: ReadonlyMap<string, string>;
  readonly admin: { readonly address: string; readonly port: number; readonly pageDir?: string };
  /** Pause between two looks of the live feed; a second when absent. */
  readonly liveEveryMs?: number;
  /** Reads the manifests again and applies them. */
  reload(): Promise<ReloadResponse>;
  /** Smallest policy change for a refused exchange; none when absent. */
  readonly findChange?: ChangeFinder;
  /** Which identities a worker may have certified; all of the plan when absent. */
  identitiesOf?(worker: string, plan: NodePlan): readonly string[];
}

/** Private keys of a plan's serving certificates, PEM by key id: secrets, held in memory and given to workers alone. */
export type TlsKeys = Readonly<Record<string, string>>;

export type Applied = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface Control {
  readonly adminUrl: string;
  readonly operators: Operators;
  /**
   * Makes a plan the one in force: recorded durably, given to all workers, and taken back everywhere when one of them refuses it. Calls are
   * worked off one after the other. With no worker connected yet it is in force at once, and workers get it when they come.
   */
  applySystem(system: System, observed: Observed, plan: NodePlan, tlsKeys?: TlsKeys): Promise<Applied>;
  /** Other endpoints for the plan in force, when that is the one they are meant for. Nothing of it can be refused. */
  applyEndpoints(turn: EndpointTurn): Promise<void>;
  /** The manifests have mistakes, or what they ask for cannot be had here: nothing changes, and status and journal say why. */
  reject(version: string, reason: string): Promise<void>;
  /** Resolves when a worker is connected, at the latest after `timeoutMs`. @returns whether one is */
  workerThere(timeoutMs: number): Promise<boolean>;
  /** The status once every connected worker has what is in force, with its certificates, and has told what happened until now; after `timeoutMs` as it is then. */
  settle(timeoutMs: number): Promise<StatusResponse>;
  /** What scan and readers found in the manifests, for status and findings. @param findings undefined leaves them as they are */
  setFindings(findings: readonly Finding[] | undefined, diagnostics: readonly Diagnostic[]): void;
  /** How the workloads' processes are doing. */
  setProcesses(processes: readonly ProcessView[]): void;
  /** A worker that is started anew gets a new token. */
  setWorkerToken(name: string, token: string): void;
  status(): StatusResponse;
  /** Prometheus text of control, workers and links. */
  exposition(): string;
  explain(id: string): Promise<ExplainResponse | undefined>;
  close(): Promise<void>;
}
