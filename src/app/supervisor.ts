// The supervisor: the only process that spawns. It holds no key and reads no manifest; it places, starts, restarts and stops.
import { randomBytes } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { StatusResponse, ExplainResponse } from '#api/control.ts';
import { CullisError, messageOf } from '#base/errors.ts';
import { serveHandles, type SocketAddress } from '#host/handles.ts';
import type { Isolation } from '#host/isolation.ts';
import type { LogLine } from '#host/lines.ts';
import type { State } from '#host/state.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Event } from '#model/event.ts';
import type { Observed } from '#model/observed.ts';
import { ControlLink } from './control-link.ts';
import type { ControlStart, FromControlProcess, LoadedSystem, ProcessState, ToWorker, WorkerStart } from './messages.ts';
import { place, type MovedPort } from './placement.ts';
import { Plane } from './plane.ts';
import { PACKAGE_ROOT } from './plane-process.ts';
import { Workloads } from './workloads.ts';

const DRAIN_MS = 1500;
const WORKER = 'proxy/1';

export interface SupervisorOptions {
  readonly paths: readonly string[];
  /** Text of `-`. */
  readonly stdin: string;
  readonly cwd: string;
  readonly state: State;
  readonly isolation: Extract<Isolation, { ok: true }> | undefined;
  readonly version: string;
  readonly adminPort: number;
  /** False starts without AuthorizationPolicies: the demo's breach. */
  readonly policy: boolean;
  readonly extraEnv: Readonly<Record<string, Readonly<Record<string, string>>>>;
  onLog(line: LogLine): void;
  /** A part of the platform or a workload ended, came back, or could not be had. */
  onNotice(text: string): void;
  /** Manifests changed while running: what came of it. */
  onReload(result: { readonly ok: boolean; readonly text: string; readonly diagnostics: readonly Diagnostic[] }): void;
}

export type StartResult = { readonly ok: true; readonly loaded: LoadedSystem } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workloads: Workloads;
  readonly #control: Plane;
  readonly #worker: Plane;
  readonly #link: ControlLink;
  readonly #first = Promise.withResolvers<StartResult>();
  #phase: 'starting' | 'loaded' | 'running' | 'stopping' = 'starting';
  #applying: Promise<void> = Promise.resolve();
  #tick: NodeJS.Timeout | undefined;
  adminUrl = '';
  loaded: LoadedSystem | undefined;
  observed: Observed | undefined;
  moved: readonly MovedPort[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { state, isolation } = options;
    const token = randomBytes(32).toString('base64url');
    const socketPath = join(state.folder, 'control', 'control.sock');
    this.#workloads = new Workloads({
      stateDir: state.folder,
      runFolder: state.runFolder,
      instance: state.instance,
      isolation,
      cwd: options.cwd,
      uids: (ids) => state.uids(ids),
      extraEnv: options.extraEnv,
      onLog: (line) => options.onLog(line),
      onState: (id, status) => {
        if (status.pid > 0) state.track(status.pid, id);
        if (status.detail !== '' && this.#phase !== 'stopping') options.onNotice(`${id}: ${status.detail}`);
        this.#sendPids();
      },
    });
    const controlStart: ControlStart = {
      paths: options.paths,
      stdin: options.stdin,
      cwd: options.cwd,
      stateDir: state.folder,
      socketPath,
      pageDir: join(PACKAGE_ROOT, 'dashboard', 'page'),
      adminPort: options.adminPort,
      isolation: isolation ? 'namespaces' : 'none',
      version: options.version,
      run: randomBytes(12).toString('base64url'),
      workerTokens: { [WORKER]: token },
      policy: options.policy,
    };
    const workerStart: WorkerStart = {
      name: WORKER,
      token,
      socketPath,
      journalDir: join(state.folder, 'journal'),
      handles: isolation !== undefined,
    };
    const onLine = (name: string) => (line: string) => options.onNotice(`${name}: ${line}`);
    // Reading is limited to what the user named; a file that is named later needs a new start.
    const read = options.paths.filter((path) => path !== '-').map((path) => join(options.cwd, path));
    this.#control = new Plane(
      { name: 'control', main: 'control-main.ts', start: controlStart, read: [state.folder, ...read], write: [state.folder], env: {}, onLine: onLine('control') },
      'control',
      { onStart: (child) => this.#onControlStart(child), onExit: (detail) => this.#onExit('control', detail) },
    );
    this.#worker = new Plane(
      {
        name: WORKER,
        main: 'worker-main.ts',
        start: workerStart,
        read: ['/proc', join(state.folder, 'journal'), join(state.folder, 'control')],
        write: [join(state.folder, 'journal'), join(state.folder, 'control')],
        env: {},
        onLine: onLine(WORKER),
      },
      'proxy',
      { onStart: (child) => this.#onWorkerStart(child), onExit: (detail) => this.#onExit(WORKER, detail) },
    );
    this.#link = new ControlLink(
      (message) => this.#control.send(message),
      (message) => this.#onControl(message),
    );
  }

  /** Starts control and waits until it has read the manifests. */
  async load(): Promise<StartResult> {
    this.#control.start();
    const result = await this.#first.promise;
    if (result.ok) this.#phase = 'loaded';
    return result;
  }

  /** Places everything, starts the data plane, then the workloads. @returns why workloads that did not become ready did not, by id */
  async launch(): Promise<Map<string, string>> {
    this.#worker.start();
    await this.#bringUp();
    this.#phase = 'running';
    this.#tick = setInterval(() => this.#report(), 1000).unref();
    const failed = await this.#workloads.ready();
    this.#report();
    return failed;
  }

  async setPolicy(on: boolean): Promise<void> {
    await this.#link.ask({ type: 'policy', on });
  }

  status(): Promise<StatusResponse> {
    this.#report();
    return this.#link.ask({ type: 'status' });
  }

  explain(decision: string): Promise<ExplainResponse | null> {
    return this.#link.ask({ type: 'explain', decision });
  }

  events(limit: number, denied: boolean): Promise<readonly Event[]> {
    return this.#link.ask({ type: 'events', limit, denied });
  }

  get workloads(): Workloads {
    return this.#workloads;
  }

  processes(): ProcessState[] {
    return [this.#control.state(), this.#worker.state(), ...this.#workloads.states()];
  }

  /** Workloads first, so that nobody serves without its sidecar; then the data plane, then control. */
  async stop(): Promise<void> {
    this.#phase = 'stopping';
    clearInterval(this.#tick);
    this.#first.resolve({ ok: false, diagnostics: [] });
    await this.#workloads.stop();
    await this.#worker.stop({ type: 'stop', graceMs: DRAIN_MS } satisfies ToWorker);
    await this.#control.stop(undefined);
  }

  /** From a loaded System to a running one; also after each reload. */
  async #bringUp(): Promise<void> {
    const { system } = this.loaded!;
    const { observed, moved } = await place(system, this.#options.isolation ? 'namespaces' : 'none', this.observed);
    await this.#workloads.prepare(system);
    this.observed = observed;
    if (moved.length > 0) this.moved = [...this.moved, ...moved];
    await this.#link.ask<string>({ type: 'place', observed });
    this.#worker.markReady();
    await this.#workloads.apply(system, observed);
    this.#sendPids();
  }

  #onControlStart(child: ChildProcess): void {
    this.#options.state.track(child.pid ?? 0, 'control');
    this.#link.attach(child);
  }

  #onWorkerStart(child: ChildProcess): void {
    this.#options.state.track(child.pid ?? 0, WORKER);
    if (this.#options.isolation) serveHandles(child, { namespaceOf: (id) => this.#workloads.namespaceOf(id), allow: (op, address) => this.#allows(op, address) });
    this.#sendPids();
  }

  /** A worker reads hostile bytes: it gets the sockets its plan needs and no others. */
  #allows(op: 'listen' | 'connect', { ip, port, namespaceOf }: SocketAddress): boolean {
    const same = (address: { ip: string; port: number; namespaceOf?: string }) => address.ip === ip && address.port === port && address.namespaceOf === namespaceOf;
    const placements = Object.values(this.observed?.placements ?? {});
    if (op === 'connect') return namespaceOf !== undefined && placements.some((one) => Object.values(one.app).some(same));
    return placements.some((one) => Object.values(one.outbound).some(same)) || Object.values(this.observed?.gateways ?? {}).some(same);
  }

  #onControl(message: Exclude<FromControlProcess, { id: number }>): void {
    if (message.type === 'rejected') {
      if (this.#phase === 'starting') this.#first.resolve({ ok: false, diagnostics: message.diagnostics });
      else this.#options.onReload({ ok: false, text: 'the change has mistakes, the former configuration stays', diagnostics: message.diagnostics });
      return;
    }
    this.#control.markReady();
    this.adminUrl = message.adminUrl;
    this.loaded = message.loaded;
    if (this.#phase === 'starting') this.#first.resolve({ ok: true, loaded: message.loaded });
    else if (this.#phase === 'running') this.#applying = this.#applying.then(() => this.#reload());
  }

  async #reload(): Promise<void> {
    const before = this.observed;
    try {
      await this.#bringUp();
      const { diagnostics } = this.loaded!;
      this.#options.onReload({ ok: true, text: 'the change is in force', diagnostics });
    } catch (error) {
      this.observed = before;
      if (this.#phase !== 'stopping') this.#options.onReload({ ok: false, text: `the change was refused, the former configuration stays: ${messageOf(error)}`, diagnostics: [] });
    }
  }

  #onExit(name: string, detail: string): void {
    if (this.#phase === 'stopping') return;
    if (this.#phase === 'starting' && name === 'control') this.#first.reject(new CullisError('process.failed', `the control process ${detail} before it was ready`));
    this.#options.onNotice(`${name} ${detail}; starting it again`);
  }

  #report(): void {
    if (this.#control.running) this.#link.tell({ type: 'processes', processes: this.processes() });
  }

  #sendPids(): void {
    if (!this.#worker.running) return;
    try {
      this.#worker.send({ type: 'pids', pids: this.#workloads.pids() } satisfies ToWorker);
    } catch {
      // It is just ending; the next one asks anew.
    }
  }
}
