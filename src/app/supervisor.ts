// The supervisor: the only process that spawns. It holds no key and reads no manifest; it places, starts, restarts and stops.
import type { ChildProcess } from 'node:child_process';
import type { ExplainResponse, StatusResponse } from '#api/control.ts';
import { CullisError, ERROR_CODES, messageOf, type ErrorCode } from '#base/errors.ts';
import { preparePrograms, programsFolder } from '#host/boot.ts';
import { serveHandles } from '#host/handles.ts';
import type { Isolation } from '#host/isolation.ts';
import type { LogLine } from '#host/lines.ts';
import { describeBusy, freePort } from '#host/ports.ts';
import type { State } from '#host/state.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Event } from '#model/event.ts';
import { type Observed, workloadOf } from '#model/observed.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import type { PlaneCode } from './code-cache.ts';
import { CONTROL_WAIT_MS, ControlLink } from './control-link.ts';
import type { FromControlProcess, FromWorkerProcess, LoadedSystem, ProcessState, ToWorker } from './messages.ts';
import type { MovedPort } from './placement.ts';
import { Places } from './places.ts';
import { Plane, type PlaneEvents } from './plane.ts';
import { AttemptWatch } from './attempt-watch.ts';
import { NameWatch } from './name-watch.ts';
import { SharedPortions } from './shared-portions.ts';
import { planeSpecs } from './planes.ts';
import { ProcessLog } from './process-log.ts';
import { within } from './within.ts';
import { WorkloadLog } from './workload-log.ts';
import { Workloads } from './workloads.ts';

const ADMIN_PORT = 15_000;
const DRAIN_MS = 1200;
const WORKER_STOP_MS = 2000;
const CONTROL_STOP_MS = 1500;
/** All of the above one after the other, and the workloads' own time before it; then everything is ended. */
const STOP_TIMEOUT_MS = 5500;
const LAST_EVENTS_MS = 500;
const BUILTINS_WAIT_MS = 500;
/** Requests under way at a replica that is taken out. */
const LEAVING_MS = 500;
const TRIES_MAX = 4;

export interface SupervisorOptions {
  readonly paths: readonly string[];
  /** Text of `-`. */
  readonly stdin: string;
  readonly cwd: string;
  readonly state: State;
  readonly isolation: Extract<Isolation, { ok: true }> | undefined;
  /** Proxy workers, at least 1. */
  readonly workers: number;
  readonly version: string;
  /** False starts without AuthorizationPolicies: the demo's breach. */
  readonly policy: boolean;
  readonly extraEnv: Readonly<Record<string, Readonly<Record<string, string>>>>;
  onLog(line: LogLine): void;
  /** A part of the platform or a workload ended, came back, or could not be had. */
  onNotice(text: string): void;
  /** Manifests changed while running: what came of it. */
  onReload(result: { readonly ok: boolean; readonly text: string; readonly diagnostics: readonly Diagnostic[] }): void;
}

export type StartResult =
  | { readonly ok: true; readonly loaded: LoadedSystem }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** What control read and wants placed. */
interface Change {
  readonly revision: string;
  readonly loaded: LoadedSystem;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workloads: Workloads;
  readonly #code: PlaneCode;
  readonly #control: Plane;
  /** The first is there from the start; the others join when the system runs, so that they do not slow its start. */
  readonly #workers: readonly Plane[];
  readonly #link: ControlLink;
  readonly #portions: SharedPortions;
  readonly #log: ProcessLog;
  readonly #nameLog: ProcessLog;
  readonly #places: Places;
  readonly #first = Promise.withResolvers<StartResult>();
  #phase: 'loading' | 'launching' | 'running' | 'stopping' = 'loading';
  #policy: boolean;
  #adminPort = 0;
  #portTaken = false;
  #latest: Change | undefined;
  #applying: Promise<unknown> = Promise.resolve();
  #tick: NodeJS.Timeout | undefined;
  readonly ownerToken: string;
  adminUrl = '';
  loaded: LoadedSystem | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#policy = options.policy;
    const { state, isolation } = options;
    this.#places = new Places(isolation ? 'namespaces' : 'none', options.workers);
    this.#log = new ProcessLog({
      clock: systemClock,
      random: systemRandom,
      write: (events) => this.#link.ask({ type: 'journal', events }),
    });
    // Apart: what a workload can cause at will must not push out what became of processes.
    this.#nameLog = new ProcessLog({
      clock: systemClock,
      random: systemRandom,
      write: (events) => this.#link.ask({ type: 'journal', events }),
    });
    const watch = new NameWatch(systemClock);
    const attemptWatch = new AttemptWatch(systemClock);
    const workloadLog = new WorkloadLog(this.#log, state);
    this.#workloads = new Workloads({
      ...options,
      stateDir: state.folder,
      runFolder: state.runFolder,
      instance: state.instance,
      uids: (ids) => state.uids(ids),
      onLog: (line) => options.onLog(line),
      onNotice: (text) => this.#notice(text),
      onState: (id, status) => {
        workloadLog.take(id, status);
        if (status.detail !== '') this.#notice(`${id}: ${status.detail}`);
        this.#sendPids();
        this.#report();
      },
      onQueries: (id, queries) => {
        for (const event of watch.take(workloadOf(id), queries, (name) => this.#isOutside(id, name))) this.#nameLog.add(event);
        void this.#nameLog.flush();
      },
      onAttempts: (id, attempts, more) => {
        for (const event of attemptWatch.take(workloadOf(id), attempts, more)) this.#nameLog.add(event);
        void this.#nameLog.flush();
      },
      onLeaving: (replicas) => this.#leaving(replicas),
    });
    const specs = planeSpecs({
      ...options,
      namespaces: isolation !== undefined,
      adminPort: () => this.#adminPort,
      onLine: (name, line) => this.#notice(`${name}: ${line}`),
    });
    this.ownerToken = specs.ownerToken;
    this.#code = specs.code;
    this.#control = new Plane(
      specs.control,
      'control',
      this.#eventsOf('control', (child) => this.#link.attach(child)),
    );
    this.#workers = specs.workers.map((spec) => {
      const worker: Plane = new Plane(
        spec,
        'proxy',
        this.#eventsOf(spec.name, (child) => this.#onWorkerStart(spec.name, worker, child)),
      );
      return worker;
    });
    this.#portions = new SharedPortions(new Map(specs.workers.map(({ name }, i) => [name, this.#workers[i]!])));
    this.#link = new ControlLink({
      send: (message) => this.#control.send(message),
      ready: () => this.#control.state().state === 'ready' || this.#phase === 'stopping',
      onMessage: (message) => this.#onControl(message),
    });
  }

  /** Starts the platform's own processes and waits until the manifests are read. @throws CullisError with control's own code when it cannot start */
  async load(): Promise<StartResult> {
    await this.#chooseAdminPort();
    if (this.#phase === 'stopping') return { ok: false, diagnostics: [] };
    this.#control.start();
    this.#workers[0]?.start();
    // Meanwhile, what every namespace will need. When it fails here, making a namespace says so.
    if (this.#options.isolation) preparePrograms(programsFolder(this.#options.state.runFolder)).catch(() => undefined);
    const result = await this.#first.promise;
    if (result.ok && this.#phase === 'loading') this.#phase = 'launching';
    return result;
  }

  /** Places everything, gives the data plane its configuration, starts the workloads. @returns why workloads that did not become ready did not, by id */
  async launch(): Promise<Map<string, string>> {
    const launching = this.#inTurn(() => this.#launch());
    await launching;
    const failed = await this.#workloads.ready();
    this.#report();
    this.#code.refresh();
    return failed;
  }

  async #launch(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const change = this.#latest!;
      try {
        await this.#bringUp(change);
        if (this.#phase !== 'launching') return;
        this.#phase = 'running';
        for (const worker of this.#workers) worker.start();
        this.#tick = setInterval(() => this.#report(), 1000).unref();
        // Changed while it was brought up.
        if (this.#latest !== change) this.#queueReload();
        return;
      } catch (error) {
        if (this.#phase === 'stopping' || tries === TRIES_MAX) throw error;
        // Control died in between: its successor reads the manifests again. Or a port was taken before its listener opened: others are chosen.
        const superseded = this.#latest !== change || (error instanceof CullisError && error.code === 'control.unreachable');
        if (superseded && this.#latest === change) await this.#link.newsWithin(CONTROL_WAIT_MS);
        else if (!superseded && !messageOf(error).includes('EADDRINUSE')) throw error;
        if (!superseded) this.#places.chooseAnew();
      }
    }
  }

  async setPolicy(on: boolean): Promise<void> {
    this.#policy = on;
    await this.#inTurn(() => this.#link.askWhenReady({ type: 'policy', on }));
  }

  /** @param settleMs waits at most this long until every worker has told what happened until now */
  status(settleMs?: number): Promise<StatusResponse> {
    this.#report();
    return this.#link.askWhenReady({ type: 'status', ...(settleMs === undefined ? {} : { settleMs }) });
  }

  explain(decision: string): Promise<ExplainResponse | null> {
    return this.#link.askWhenReady({ type: 'explain', decision });
  }

  events(limit: number, denied: boolean): Promise<readonly Event[]> {
    return this.#link.askWhenReady({ type: 'events', limit, denied });
  }

  /** Where everything that is in force lives. */
  get observed(): Observed | undefined {
    return this.#places.inForce;
  }

  /** Ports that were busy. */
  get moved(): readonly MovedPort[] {
    return this.#places.moved;
  }

  get workloads(): Workloads {
    return this.#workloads;
  }

  processes(): ProcessState[] {
    return [this.#control.state(), ...this.#workers.map((worker) => worker.state()), ...this.#workloads.states()];
  }

  /** Workloads first, so that nobody serves without its sidecar; then the data plane, then control. Within six seconds, by force if need be. */
  async stop(): Promise<void> {
    this.#phase = 'stopping';
    this.#link.tellNews();
    clearInterval(this.#tick);
    this.#first.resolve({ ok: false, diagnostics: [] });
    const late = setTimeout(() => this.kill(), STOP_TIMEOUT_MS);
    this.#places.close();
    await this.#workloads.stop();
    const ask = { type: 'stop', graceMs: DRAIN_MS } satisfies ToWorker;
    await Promise.all(this.#workers.map((worker) => worker.stop(ask, WORKER_STOP_MS)));
    await within(Promise.all([this.#log.flush(), this.#nameLog.flush()]), LAST_EVENTS_MS);
    await this.#control.stop(undefined, CONTROL_STOP_MS);
    clearTimeout(late);
  }

  /** Ends everything at once; `stop`, which must have been called, then resolves soon. */
  kill(): void {
    this.#workloads.kill();
    for (const worker of this.#workers) worker.kill();
    this.#control.kill();
  }

  /** Whether a known name is one that a ServiceEntry lets out. */
  #isOutside(id: string, name: string): boolean {
    return this.#workloads.leadsOut(id, name);
  }

  async #chooseAdminPort(): Promise<void> {
    const { port, moved, busy } = await freePort('127.0.0.1', ADMIN_PORT);
    if (moved) this.#places.addMoved({ what: 'page and admin API', wanted: ADMIN_PORT, got: port, why: describeBusy(busy) });
    this.#adminPort = port;
  }

  /** One change of what runs at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#applying.then(work);
    this.#applying = turn.catch(() => undefined);
    return turn;
  }

  /** From a loaded System to a running one. @throws CullisError, and the former one runs on */
  async #bringUp({ revision, loaded }: Change): Promise<void> {
    const { system } = loaded;
    try {
      const { observed, specs } = await this.#prepare(system).catch(async (error: unknown) => {
        if (this.#phase !== 'stopping')
          await this.#link.askWhenReady({ type: 'unplaceable', revision, reason: messageOf(error) });
        throw error;
      });
      const builtins = this.#phase === 'launching' ? this.#workloads.startBuiltins(specs) : undefined;
      await this.#link.askWhenReady<string>({ type: 'place', revision, observed, policy: this.#policy });
      this.#places.accept();
      this.loaded = loaded;
      // A program that finds its database there need not try again later. One that is just being made is not waited for.
      if (builtins) await within(builtins, BUILTINS_WAIT_MS);
      await this.#workloads.apply(specs);
      this.#sendPids();
    } catch (error) {
      this.#places.withdraw();
      if (this.#phase === 'running') await this.#workloads.forgetUnused();
      throw error;
    }
  }

  async #prepare(system: LoadedSystem['system']) {
    const observed = await this.#places.offer(system);
    await this.#workloads.prepare(system);
    return { observed, specs: this.#workloads.plan(system, observed) };
  }

  #queueReload(): void {
    void this.#inTurn(() => this.#reload());
  }

  async #reload(): Promise<void> {
    const change = this.#latest!;
    const same = this.loaded?.system.hash === change.loaded.system.hash;
    try {
      await this.#bringUp(change);
      if (!same) this.#options.onReload({ ok: true, text: 'the change is in force', diagnostics: change.loaded.diagnostics });
    } catch (error) {
      // A newer one is on its way, or control died and reads the manifests again: that one will tell.
      const superseded = this.#latest !== change || (error instanceof CullisError && error.code === 'control.unreachable');
      if (this.#phase === 'stopping' || superseded) return;
      this.#options.onReload({
        ok: false,
        text: `the change was refused, the former configuration stays: ${messageOf(error)}`,
        diagnostics: [],
      });
    }
  }

  #eventsOf(name: string, onStart: (child: ChildProcess) => void): PlaneEvents {
    return {
      onStart: (child, restarts) => {
        if (child.pid !== undefined) this.#options.state.track(child.pid, name);
        this.#log.say(restarts > 0 ? 'restarted' : 'started', name, child.pid ?? 0, restarts > 0 ? `restart ${restarts}` : '');
        onStart(child);
      },
      onExit: (pid, detail, againInMs) => {
        this.#options.state.untrack(pid);
        this.#log.say('exited', name, pid, detail);
        this.#portions.left(name);
        if (this.#phase !== 'loading') this.#notice(`${name} ${detail}; starting it again in ${againInMs} ms`);
        // It said that its port was taken meanwhile, and starts again at another.
        else if (name === 'control' && this.#portTaken) this.#portTaken = false;
        else if (name === 'control')
          this.#first.reject(new CullisError('process.failed', `the control process ${detail} before it was ready`));
      },
    };
  }

  #onWorkerStart(name: string, worker: Plane, child: ChildProcess): void {
    serveHandles(
      child,
      this.#places.handles((id) => this.#workloads.namespaceOf(id)),
    );
    child.on('message', (message: FromWorkerProcess | { readonly cullis: string }) => {
      if (!('type' in message)) return;
      if (message.type === 'ready') this.#ready(name, worker);
      else if (message.type === 'portion-ask' || message.type === 'portion-yielded') this.#portions.take(name, message);
    });
    this.#sendPids();
  }

  #ready(name: string, plane: Plane): void {
    if (!plane.markReady()) return;
    const { pid, restarts } = plane.state();
    this.#log.say('ready', name, pid, '');
    if (restarts > 0 && this.#phase === 'running') this.#notice(`${name} is back`);
  }

  #onControl(message: Exclude<FromControlProcess, { id: number }>): void {
    switch (message.type) {
      case 'pong':
        return;
      case 'failed':
        return void this.#controlFailed(message);
      case 'rejected':
        this.#ready('control', this.#control);
        if (this.#phase === 'loading') this.#first.resolve({ ok: false, diagnostics: message.diagnostics });
        else
          this.#options.onReload({
            ok: false,
            text: 'the change has mistakes, the former configuration stays',
            diagnostics: message.diagnostics,
          });
        break;
      case 'loaded':
        this.#ready('control', this.#control);
        this.adminUrl = message.adminUrl;
        this.#latest = message;
        if (this.#phase === 'loading') {
          this.loaded = message.loaded;
          this.#first.resolve({ ok: true, loaded: message.loaded });
        } else if (this.#phase === 'running') this.#queueReload();
    }
    void this.#log.flush();
  }

  async #controlFailed({ code, message }: { readonly code: string; readonly message: string }): Promise<void> {
    // Somebody was quicker on its port; the next try is at another.
    if (code === 'listen.failed' && message.includes('EADDRINUSE')) {
      this.#portTaken = true;
      return await this.#chooseAdminPort().catch(() => undefined);
    }
    const known: ErrorCode = code in ERROR_CODES ? (code as ErrorCode) : 'process.failed';
    if (this.#phase === 'loading') this.#first.reject(new CullisError(known, message));
    else this.#notice(`control could not start: ${message}`);
  }

  /** Nobody sends these anything new, and what they were at had some time to end. When control cannot be asked they are stopped all the same. */
  async #leaving(replicas: readonly string[]): Promise<void> {
    if (this.#phase === 'stopping') return;
    await this.#link.ask({ type: 'leaving', replicas }).catch(() => undefined);
    await within(new Promise(() => {}), LEAVING_MS);
  }

  #notice(text: string): void {
    if (this.#phase !== 'stopping') this.#options.onNotice(text);
  }

  #report(): void {
    if (this.#control.running) this.#link.tell({ type: 'processes', processes: this.processes() });
  }

  #sendPids(): void {
    const message = { type: 'pids', pids: this.#workloads.pids() } satisfies ToWorker;
    for (const worker of this.#workers) {
      try {
        if (worker.running) worker.send(message);
      } catch {
        // It is just ending; the next one asks anew.
      }
    }
  }
}
