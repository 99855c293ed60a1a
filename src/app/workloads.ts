// The workloads of this machine: started where the plan placed them, in namespaces when there are any, kept running, stopped when they leave the System.
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Isolation } from '#host/isolation.ts';
import type { LogLine } from '#host/lines.ts';
import { serviceNames } from '#host/names.ts';
import { createNamespace, type WorkloadNamespace } from '#host/namespaces.ts';
import type { MeshService } from '#host/protocol.ts';
import { postgresProgram, type PostgresProgram } from '#host/postgres.ts';
import { startWorkload, type RunSpec } from '#host/runner.ts';
import type { RunningWorkload, RunStatus } from '#host/supervise.ts';
import { originOf } from '#model/origin.ts';
import type { Observed } from '#model/observed.ts';
import type { System, Workload } from '#model/system.ts';
import { workloadEnvironment } from '#plan/environment.ts';
import type { ProcessState } from './messages.ts';
import { runsOf, serviceAddresses } from './placement.ts';

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
  onState(id: string, status: RunStatus): void;
}

interface Entry {
  readonly fingerprint: string;
  readonly running: RunningWorkload;
}

export class Workloads {
  readonly #options: WorkloadsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #namespaces = new Map<string, WorkloadNamespace>();

  constructor(options: WorkloadsOptions) {
    this.#options = options;
  }

  namespaceOf(id: string): WorkloadNamespace | undefined {
    return this.#namespaces.get(id);
  }

  /** Root process per workload, for the check of who may use an outbound listener. */
  pids(): Record<string, number> {
    return Object.fromEntries([...this.#entries].map(([id, { running }]) => [id, running.status().pid]));
  }

  states(): ProcessState[] {
    return [...this.#entries].map(([name, { running }]) => {
      const { state, pid, restarts } = running.status();
      return { name, kind: 'workload', pid, state, restarts };
    });
  }

  /** Makes the namespaces that the System needs before anything listens in them. Existing ones get the new names. */
  async prepare(system: System): Promise<void> {
    const { isolation, stateDir, runFolder, instance } = this.#options;
    if (!isolation) return;
    const wanted = runsOf(system);
    await Promise.all(
      [...wanted].map(async ([id, run]) => {
        const workload = system.workloads.find((one) => one.id === id);
        if (!workload || run.spec.address) return;
        const services = meshServices(system, workload.namespace);
        const present = this.#namespaces.get(id);
        if (present) {
          await present.setServices(services);
          return;
        }
        const postgres = run.spec.builtin === 'postgres' ? this.#postgres(id, 0) : undefined;
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
        });
        this.#namespaces.set(id, namespace);
        void namespace.gone.then(() => {
          if (this.#namespaces.get(id) === namespace) this.#namespaces.delete(id);
        });
      }),
    );
  }

  /** Starts what is new, restarts what changed, stops what left. Resolves when the stopped ones are gone; readiness is waited for apart. */
  async apply(system: System, observed: Observed): Promise<void> {
    const wanted = runsOf(system);
    const specs = new Map<string, RunSpec>();
    for (const [id, run] of wanted) {
      const workload = system.workloads.find((one) => one.id === id);
      if (workload && !run.spec.address && observed.placements[id]) specs.set(id, this.#spec(system, workload, run, observed));
    }
    const leaving = [...this.#entries].filter(([id, entry]) => !specs.has(id) || fingerprint(specs.get(id)!) !== entry.fingerprint);
    await Promise.all(
      leaving.map(async ([id, { running }]) => {
        this.#entries.delete(id);
        await running.stop();
      }),
    );
    for (const [id, namespace] of [...this.#namespaces])
      if (!specs.has(id)) {
        this.#namespaces.delete(id);
        await namespace.close();
      }
    for (const [id, spec] of specs) {
      if (this.#entries.has(id)) continue;
      const running = startWorkload(spec, { onLog: this.#options.onLog, onState: this.#options.onState });
      this.#entries.set(id, { fingerprint: fingerprint(spec), running });
    }
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
    await Promise.all([...this.#entries.values()].map(({ running }) => running.stop()));
    this.#entries.clear();
    await Promise.all([...this.#namespaces.values()].map((namespace) => namespace.close()));
    this.#namespaces.clear();
  }

  #spec(system: System, workload: Workload, run: System['runs'][number], observed: Observed): RunSpec {
    const { id } = workload;
    const placement = observed.placements[id]!;
    const options = { isolation: observed.isolation, serviceIps: Object.fromEntries(serviceAddresses(system)) };
    const { env } = workloadEnvironment(system, workload, run.spec, placement, options);
    const namespace = this.#namespaces.get(id);
    const address = Object.values(placement.app)[0]!;
    const postgres = run.spec.builtin === 'postgres' ? this.#postgres(id, address.port) : undefined;
    return {
      id,
      command: postgres?.command ?? (run.spec.command ?? []).map((word, i) => (i === 0 && word === 'node' ? process.execPath : word)),
      cwd: this.#cwd(run),
      env: { ...env, ...postgres?.env, ...this.#options.extraEnv[id] },
      readiness: run.spec.readiness,
      address: { ip: address.ip, port: address.port },
      readyTimeoutMs: run.spec.readyTimeoutMs,
      instance: this.#options.instance,
      ...(postgres ? { stopSignal: postgres.stopSignal } : {}),
      ...(namespace ? { namespace } : {}),
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

  #uid(id: string): number {
    return this.#options.uids([id])[id]!;
  }
}

/** Origins do not travel between processes; control notes the file of a Workload document here. */
export const FILE_ANNOTATION = 'cullis.dev/source-file';

function meshServices(system: System, namespace: string): MeshService[] {
  const ips = serviceAddresses(system);
  return system.services.flatMap((service) => {
    const ip = ips.get(service.id);
    if (ip === undefined) return [];
    return [{ names: serviceNames(service.name, service.namespace, namespace, system.mesh.clusterDomain), ip, ports: service.ports.map((port) => port.port) }];
  });
}

/** What of a spec, when it changes, needs the program to be started anew. */
function fingerprint(spec: RunSpec): string {
  const { command, cwd, env, address, readiness } = spec;
  return JSON.stringify([command, cwd, env, address, readiness]);
}
