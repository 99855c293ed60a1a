// The workloads of this machine: started where the plan placed them, in namespaces when there are any, kept running, stopped when they leave the System.
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { CullisError } from '#base/errors.ts';
import type { Isolation } from '#host/isolation.ts';
import type { Query } from '#host/init-dns.ts';
import type { Attempt } from '#host/init-watch.ts';
import type { LogLine } from '#host/lines.ts';
import { serviceNames } from '#host/names.ts';
import { createNamespace, type WorkloadNamespace } from '#host/namespaces.ts';
import type { MeshService } from '#host/protocol.ts';
import { postgresProgram, type PostgresProgram } from '#host/postgres.ts';
import type { Readiness } from '#host/readiness.ts';
import { homeFolders, projectRoot } from '#host/root.ts';
import { startWorkload, type RunSpec } from '#host/runner.ts';
import type { RunningWorkload, RunStatus } from '#host/supervise.ts';
import { originOf } from '#model/origin.ts';
import { type Observed, replicaId, workloadOf } from '#model/observed.ts';
import type { System, Workload } from '#model/system.ts';
import { egressDestinations } from '#plan/egress.ts';
import { workloadEnvironment } from '#plan/environment.ts';
import { versionOf } from '#plan/versions.ts';
import type { ProcessState } from './messages.ts';
import { outsideAddresses, replicaCount, runsOf, serviceAddresses } from './placement.ts';

export interface WorkloadsOptions {
  readonly stateDir: string;
  readonly runFolder: string;
  readonly instance: string;
  readonly isolation: Extract<Isolation, { ok: true }> | undefined;
  /** Folder that relative `cwd`s of documents read from standard input start from. */
  readonly cwd: string;
  /** User per workload id, when namespaces give each its own. */
  uids(ids: readonly string[]): Readonly<Record<string, number>>;
  /** Added to a workload's environment, by id. */
  readonly extraEnv: Readonly<Record<string, Readonly<Record<string, string>>>>;
  onLog(line: LogLine): void;
  /** A namespace ended by itself, or could not be made anew. */
  onNotice(text: string): void;
  onState(id: string, status: RunStatus): void;
  /** What a workload in a namespace looked up. */
  onQueries(id: string, queries: readonly Query[]): void;
  /** What a workload in a namespace tried that leads nowhere. */
  onAttempts(id: string, attempts: readonly Attempt[], more: number): void;
  /** Replicas that are about to be stopped: resolves when nobody sends them anything new. */
  onLeaving(ids: readonly string[]): Promise<void>;
}

interface KnownNames {
  readonly inside: ReadonlySet<string>;
  /** Wildcards too. */
  readonly outside: readonly string[];
}
const NO_NAMES: KnownNames = { inside: new Set(), outside: [] };

interface Entry {
  readonly fingerprint: string;
  /** What the manifests called it when it was started: the programs of a later version are not these. */
  readonly version: string;
  readonly running: RunningWorkload;
}

interface Housed {
  readonly namespace: WorkloadNamespace;
  /** What its file tree was built for. */
  readonly folders: string;
}

/** What is to run, checked and complete, by replica id. */
export type RunSpecs = ReadonlyMap<string, Spec>;

interface Spec {
  readonly run: RunSpec;
  readonly fingerprint: string;
  readonly version: string;
  /** PostgreSQL and the like: calls nobody. */
  readonly builtin: boolean;
}

/** Of a program that ends when asked. */
const STOP_GRACE_MS = 3000;

export class Workloads {
  readonly #options: WorkloadsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #namespaces = new Map<string, Housed>();
  /** Namespaces that are being made. */
  readonly #making = new Set<Promise<unknown>>();
  /** By workload id. */
  readonly #names = new Map<string, KnownNames>();
  #stopping = false;

  constructor(options: WorkloadsOptions) {
    this.#options = options;
  }

  /** Whether a name that is known inside is a host outside the mesh. @param name lower case */
  leadsOut(id: string, name: string): boolean {
    const { inside, outside } = this.#names.get(id) ?? NO_NAMES;
    return (
      !inside.has(name) &&
      outside.some((one) => one === name || one === '*' || (one.startsWith('*') && name.endsWith(one.slice(1))))
    );
  }

  namespaceOf(id: string): WorkloadNamespace | undefined {
    return this.#namespaces.get(id)?.namespace;
  }

  /** Root process per replica, for the check of who may use an outbound listener. */
  pids(): Record<string, number> {
    return Object.fromEntries([...this.#entries].map(([id, { running }]) => [id, running.status().pid]));
  }

  states(): ProcessState[] {
    return [...this.#entries].map(([name, { running, version }]) => {
      const { state, pid, restarts } = running.status();
      return { name, kind: 'workload', pid, state, restarts, version };
    });
  }

  /**
   * Makes the namespaces that the System needs before anything listens in them. Existing ones get the new names.
   * @throws CullisError isolation.unavailable, and process.failed when one would need another file tree than it was made with
   */
  async prepare(system: System): Promise<void> {
    const { isolation } = this.#options;
    if (!isolation) return;
    const made = replicasOf(system).map(async ({ id, run, workload }) => {
      if (run.spec.address) return;
      const services = meshServices(system, workload);
      this.#names.set(id, {
        inside: new Set(services.flatMap(({ names, outside }) => (outside ? [] : names))),
        outside: services.flatMap(({ names, outside }) => (outside ? names : [])),
      });
      const present = this.#namespaces.get(id);
      const folders = this.#folders(run);
      if (!present) return await this.#house(id, run, services, folders, isolation);
      if (present.folders !== folders)
        throw new CullisError('process.failed', `\`${id}\` runs in another folder now, which needs a new start of \`cullis up\``);
      await present.namespace.setServices(services);
    });
    const all = Promise.allSettled(made);
    this.#making.add(all);
    const results = await all;
    this.#making.delete(all);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async #house(
    id: string,
    run: System['runs'][number],
    services: readonly MeshService[],
    folders: string,
    isolation: Extract<Isolation, { ok: true }>,
  ): Promise<void> {
    const { stateDir, runFolder, instance } = this.#options;
    const postgres = run.spec.builtin === 'postgres' ? this.#postgres(id, 0) : undefined;
    this.#refuseWhenStopping();
    const namespace = await createNamespace({
      workload: id,
      isolation,
      services,
      uid: this.#uid(id),
      runFolder,
      instance,
      cwd: this.#cwd(run),
      ...(postgres ? { share: postgres.share, writable: postgres.writable } : {}),
      hide: [stateDir],
      onNotice: (text) => this.#options.onNotice(text),
      onQueries: (queries) => this.#options.onQueries(id, queries),
      onAttempts: (attempts, more) => this.#options.onAttempts(id, attempts, more),
    });
    this.#namespaces.set(id, { namespace, folders });
    void namespace.gone.then(() => {
      if (this.#namespaces.get(id)?.namespace === namespace) this.#namespaces.delete(id);
    });
  }

  /** What would run, made whole before anything changes. @throws CullisError process.failed when a builtin is not packaged for this machine */
  plan(system: System, observed: Observed): RunSpecs {
    const specs = new Map<string, Spec>();
    for (const { id, index, run, workload } of replicasOf(system))
      if (!run.spec.address && observed.placements[workload.id])
        specs.set(id, this.#spec(system, workload, run, observed, index));
    return specs;
  }

  /**
   * Starts the builtins that do not run yet: they call nobody, so they need not wait for the sidecars.
   * @returns resolves when they serve, or do not in their time
   */
  async startBuiltins(specs: RunSpecs): Promise<void> {
    const builtins = [...specs].filter(([, spec]) => spec.builtin);
    for (const [id, spec] of builtins) this.#start(id, spec);
    await Promise.allSettled(builtins.map(async ([id]) => await this.#entries.get(id)?.running.ready()));
  }

  /**
   * Starts what is new, restarts what changed, stops what left. Copies of one workload are restarted one after the other, each when the one
   * before serves. Resolves when the stopped ones are gone and the last restarted ones are started; readiness of those is waited for apart.
   */
  async apply(specs: RunSpecs): Promise<void> {
    const ids = [...new Set([...this.#entries.keys(), ...this.#namespaces.keys(), ...specs.keys()])];
    const leaving = ids.filter((id) => this.#entries.has(id) && id.includes('~') && !specs.has(id));
    if (leaving.length > 0) await this.#options.onLeaving(leaving);
    await Promise.all([...Map.groupBy(ids, workloadOf).values()].map((copies) => this.#applyCopies(copies, specs)));
  }

  async #applyCopies(copies: readonly string[], specs: RunSpecs): Promise<void> {
    const changed = copies.filter((id) => {
      const entry = this.#entries.get(id);
      return entry !== undefined && specs.has(id) && entry.fingerprint !== specs.get(id)!.fingerprint;
    });
    await Promise.all(copies.filter((id) => !changed.includes(id)).map((id) => this.#applyOne(id, specs.get(id))));
    for (const [i, id] of changed.entries()) {
      if (copies.length > 1) await this.#options.onLeaving([id]);
      await this.#applyOne(id, specs.get(id));
      if (i < changed.length - 1)
        await this.#entries
          .get(id)
          ?.running.ready()
          .catch(() => undefined);
    }
  }

  async #applyOne(id: string, spec: Spec | undefined): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry && entry.fingerprint !== spec?.fingerprint) {
      this.#entries.delete(id);
      await entry.running.stop(STOP_GRACE_MS);
    }
    if (spec) this.#start(id, spec);
    else await this.#vacate(id);
  }

  /** Closes the namespaces that nothing runs in: they were made for a configuration that was refused. */
  async forgetUnused(): Promise<void> {
    await Promise.all([...this.#namespaces.keys()].filter((id) => !this.#entries.has(id)).map((id) => this.#vacate(id)));
  }

  #start(id: string, { run, fingerprint, version }: Spec): void {
    if (this.#stopping || this.#entries.has(id)) return;
    const running = startWorkload(run, {
      onLog: (line) => this.#options.onLog(line),
      onState: (id, status) => this.#options.onState(id, status),
    });
    this.#entries.set(id, { fingerprint, version, running });
  }

  async #vacate(id: string): Promise<void> {
    const housed = this.#namespaces.get(id);
    this.#namespaces.delete(id);
    await housed?.namespace.close();
  }

  #refuseWhenStopping(): void {
    if (this.#stopping) throw new CullisError('process.failed', 'everything is being stopped');
  }

  /** @returns why each workload that did not become ready in its time did not */
  async ready(): Promise<Map<string, string>> {
    const failed = new Map<string, string>();
    await Promise.all(
      [...this.#entries].map(async ([id, { running }]) => {
        await running.ready().catch((error: Error) => failed.set(id, error.message));
      }),
    );
    return failed;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#entries.values()].map(({ running }) => running.stop(STOP_GRACE_MS)));
    this.#entries.clear();
    // One that is just being made would outlive its supervisor's interest in it.
    await Promise.all(this.#making);
    await Promise.all([...this.#namespaces.keys()].map((id) => this.#vacate(id)));
  }

  /** Ends every program at once, without asking it. `stop` still says when they are gone. */
  kill(): void {
    this.#stopping = true;
    for (const { running } of this.#entries.values()) {
      const { pid } = running.status();
      if (pid > 1) killGroup(pid);
    }
    for (const { namespace } of this.#namespaces.values()) void namespace.close();
  }

  #spec(system: System, workload: Workload, run: System['runs'][number], observed: Observed, index: number): Spec {
    const id = replicaId(workload.id, index);
    const first = observed.placements[workload.id]!;
    // On loopback the copies share their ways out.
    const placement = index === 0 ? first : { ...first, ...first.replicas![index - 1] };
    const options = { isolation: observed.isolation, serviceIps: Object.fromEntries(serviceAddresses(system)) };
    const { env } = workloadEnvironment(system, workload, run.spec, placement, options);
    const namespace = this.namespaceOf(id);
    const [address] = Object.values(placement.app);
    const postgres = run.spec.builtin === 'postgres' ? this.#postgres(id, address?.port ?? 5432) : undefined;
    const complete = { ...env, ...postgres?.env, ...this.#options.extraEnv[id] };
    const spec: RunSpec = {
      id,
      command:
        postgres?.command ?? (run.spec.command ?? []).map((word, i) => (i === 0 && word === 'node' ? process.execPath : word)),
      cwd: this.#cwd(run),
      env: complete,
      // What no port is declared for serves nobody: it is ready when it runs.
      readiness: postgres ? postgresReadiness(complete) : address ? run.spec.readiness : { kind: 'none' },
      address: address ? { ip: address.ip, port: address.port } : { ip: '127.0.0.1', port: 0 },
      readyTimeoutMs: run.spec.readyTimeoutMs,
      instance: this.#options.instance,
      ...(postgres ? { stopSignal: postgres.stopSignal } : {}),
      ...(namespace ? { namespace } : {}),
    };
    const written = new Set([
      ...workload.containers.flatMap((one) => one.env.map(({ name }) => name)),
      ...Object.keys(run.spec.env),
    ]);
    return {
      run: spec,
      fingerprint: fingerprintOf(spec, written),
      version: versionOf(workload),
      builtin: postgres !== undefined,
    };
  }

  /** A namespace gives PostgreSQL a user of its own; without one it is told to become one when this process is root, which it refuses to run as. */
  #postgres(id: string, port: number): PostgresProgram {
    const uid = !this.#options.isolation && process.getuid?.() === 0 ? this.#uid(id) : undefined;
    return postgresProgram({
      dataFolder: join(this.#options.stateDir, 'data', id.replace('/', '_')),
      ip: '127.0.0.1',
      port,
      ...(uid === undefined ? {} : { runAs: { uid, gid: uid } }),
    });
  }

  /** `cwd` is relative to the file that says it. */
  #cwd(run: System['runs'][number]): string {
    if (isAbsolute(run.spec.cwd)) return run.spec.cwd;
    const file = originOf(run)?.file ?? run.metadata.annotations[FILE_ANNOTATION];
    return resolve(this.#options.cwd, file === undefined || file.startsWith('<') ? '.' : dirname(file), run.spec.cwd);
  }

  /** What a namespace's file tree is built from. */
  #folders(run: System['runs'][number]): string {
    return `${projectRoot(this.#cwd(run), homeFolders())} ${run.spec.builtin ?? ''}`;
  }

  #uid(id: string): number {
    const workload = workloadOf(id);
    return this.#options.uids([workload])[workload]!;
  }
}

/** Origins do not travel between processes; control notes the file of a Workload document here. */
export const FILE_ANNOTATION = 'cullis.dev/source-file';

/** Every program that is to run here. */
function replicasOf(system: System) {
  const workloads = new Map(system.workloads.map((workload) => [workload.id, workload]));
  return [...runsOf(system)].flatMap(([workloadId, run]) => {
    const workload = workloads.get(workloadId);
    if (!workload) return [];
    return Array.from({ length: replicaCount(run, workload) }, (_, index) => ({
      id: replicaId(workloadId, index),
      index,
      run,
      workload,
    }));
  });
}

function meshServices(system: System, workload: Workload): MeshService[] {
  const { namespace } = workload;
  const ips = serviceAddresses(system);
  const inside = system.services.flatMap((service) => {
    const ip = ips.get(service.id);
    if (ip === undefined) return [];
    return [
      {
        names: serviceNames(service.name, service.namespace, namespace, system.mesh.clusterDomain),
        ip,
        ports: service.ports.map((port) => port.port),
      },
    ];
  });
  return [...inside, ...outsideNames(system, workload)];
}

/** Hosts outside the mesh that the workload may call, each at its stand-in address; addresses that a ServiceEntry names stand for themselves. */
function outsideNames(system: System, workload: Workload): MeshService[] {
  const ips = outsideAddresses(system);
  const ports = Map.groupBy(egressDestinations(system, workload), ({ host }) => host);
  return [...ports].map(([host, each]) => ({
    names: each[0]!.literal ? [] : [host],
    ip: each[0]!.literal ? host : ips.get(host)!,
    ports: each.map(({ port }) => port),
    outside: true as const,
  }));
}

/** The role and database that the variables of the usual container image name. */
function postgresReadiness(env: Readonly<Record<string, string>>): Readiness {
  const user = env['POSTGRES_USER'] || 'postgres';
  return { kind: 'postgres', user, database: env['POSTGRES_DB'] || user };
}

/** Kubernetes' variables about other services; like there, a program keeps those it was started with. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$/;

/** What of a spec, when it changes, needs the program to be started anew. @param written names of variables that the user wrote */
function fingerprintOf({ command, cwd, env, address, readiness }: RunSpec, written: ReadonlySet<string>): string {
  const own = Object.entries(env).filter(([name]) => written.has(name) || !SERVICE_LINK.test(name));
  return JSON.stringify([command, cwd, own, address, readiness]);
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
