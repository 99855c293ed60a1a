// A workload's own machine: network, processes, files, names. See docs/decisions/0006-isolation.md for why it is built like this.
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { backoffMs } from './backoff.ts';
import { bootScript, preparePrograms, programsFolder } from './boot.ts';
import { Caretaker } from './caretaker.ts';
import type { Query } from './init-dns.ts';
import type { Tell } from './init-watch.ts';
import { type Isolation, namespaceFlags } from './isolation.ts';
import { assignWorkloadIps, hostsText, isServiceAddress, nameTable, ownRoutes, resolvText } from './names.ts';
import { makeOutput } from './output.ts';
import { checkProgram, type Program } from './process.ts';
import type { MeshService } from './protocol.ts';
import { type RawHandle, listenOn, socketFrom } from './raw.ts';
import { PROBE_TIMEOUT_MS, probe } from './readiness.ts';
import { homeFolders, isBelow, projectRoot, unreadableFolder } from './root.ts';
import { seccompWords } from './seccomp.ts';
import { type RunSpec, startWorkload } from './runner.ts';
import { type Launched, type Launcher, type RunEvents, type RunningWorkload, pause } from './supervise.ts';
import { INSTANCE_VARIABLE, WORKLOAD_VARIABLE } from './tree.ts';
import { accountFiles } from './users.ts';

export interface NamespaceSpec {
  /** `namespace/name` */
  readonly workload: string;
  /** What `isolationAvailable` answered. */
  readonly isolation: Extract<Isolation, { ok: true }>;
  readonly services: readonly MeshService[];
  /** The workload's user, see users.ts. In a user namespace the number only shows inside. */
  readonly uid: number;
  readonly gid?: number;
  /** A folder of the state folder for what lives as long as this run. */
  readonly runFolder: string;
  /** Id of the state folder; marks the processes. */
  readonly instance?: string;
  /** The workload's folder: it is visible read-only together with its project (`projectRoot`), and so is Node. */
  readonly cwd: string;
  /** More that is visible read-only. */
  readonly share?: readonly string[];
  /** Folders the workload may write to; they are given to its user. */
  readonly writable?: readonly string[];
  /** Ports the workload listens on. Only with `link: 'lo'` they matter: a service on the same port is refused there, and the workload goes first. */
  readonly ownPorts?: readonly number[];
  /** What must not be seen, first of all the state folder. */
  readonly hide: readonly string[];
  /** Address of the workload; derived from its id unless said. */
  readonly ip?: string;
  /** 256 MiB */
  readonly tmpBytesMax?: number;
  /** The namespace ended by itself and is made anew, or could not be. */
  onNotice?(text: string): void;
  /** What the workload looked up, about once a second. */
  onQueries?(queries: readonly Query[]): void;
  /** What the workload tried that leads nowhere, at most five times a second. */
  readonly onAttempts?: Tell;
}

export interface WorkloadNamespace {
  readonly workload: string;
  readonly how: 'root' | 'userns';
  /** Its own address. */
  readonly ip: string;
  /** HOME inside. */
  readonly home: string;
  /** Process that waits for the namespace's first one, as this machine numbers it. */
  readonly pid: number;
  /** Resolves when it was closed. One that ends by itself is made anew. */
  readonly gone: Promise<string>;
  launcher(program: Program): Launcher;
  run(spec: Omit<RunSpec, 'namespace'>, events: RunEvents): RunningWorkload;
  /** Binds inside; the handle is not listening yet. The same address again gives the same socket again. @throws CullisError listen.failed */
  openListener(ip: string, port: number): Promise<RawHandle>;
  closeListener(ip: string, port: number): Promise<void>;
  /** Told of every open listener when the namespace was made anew: the old handle is dead, this one takes its place. @returns stops it */
  onRenewed(listener: (ip: string, port: number, raw: RawHandle) => Promise<void>): () => void;
  /** Connects inside, reads nothing. 127.0.0.1 also finds what listens on the workload's own address or ::1. @throws CullisError upstream.unreachable */
  openConnection(ip: string, port: number, timeoutMs: number): Promise<RawHandle>;
  /** A server here that accepts what arrives inside. */
  listen(ip: string, port: number): Promise<Server>;
  /** Nothing is read from it until someone listens for data. */
  connect(ip: string, port: number, timeoutMs?: number): Promise<Socket>;
  /** Names and addresses from now on. */
  setServices(services: readonly MeshService[]): Promise<void>;
  /** Ends every process inside. */
  close(): Promise<void>;
}

const HOME = '/tmp';
/** Threads count as processes. */
const PROCESSES_MAX = 4096;

/**
 * Makes a workload's namespaces and waits until they are usable (about a tenth of a second).
 * @throws CullisError isolation.unavailable with the reason
 */
export async function createNamespace(spec: NamespaceSpec): Promise<WorkloadNamespace> {
  const ip = spec.ip ?? assignWorkloadIps([spec.workload]).get(spec.workload)!;
  for (const folder of spec.writable ?? []) prepareWritable(folder, spec.isolation.how, spec.uid, spec.gid ?? spec.uid);
  return new Namespace(spec, ip, await boot(spec, spec.services, ip));
}

async function boot(spec: NamespaceSpec, services: readonly MeshService[], ip: string): Promise<Caretaker> {
  const { tools, how, link } = spec.isolation;
  const [home = '', name = ''] = spec.workload.replace('~', '-').split('/');
  const hostname = name.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 63);
  const project = projectRoot(spec.cwd, homeFolders());
  if (how === 'root') checkReadable(project, spec.cwd);
  mkdirSync(spec.runFolder, { recursive: true, mode: 0o700 });
  const account = accountFiles(name, spec.uid, spec.gid ?? spec.uid, HOME);
  const node = [process.execPath, '--max-old-space-size=64', '--max-semi-space-size=1', '--no-warnings'];
  const programs = await preparePrograms(programsFolder(spec.runFolder));
  const stage = mkdtempSync(join(spec.runFolder, 'ns-'));
  try {
    const script = bootScript(
      {
        link,
        tools,
        hostname,
        ip,
        stage,
        programs,
        share: [project, nodeFolder(), ...(spec.share ?? [])],
        writable: spec.writable ?? [],
        hide: spec.hide,
        tmpBytesMax: spec.tmpBytesMax ?? 256 * 1024 * 1024,
        files: {
          '/etc/passwd': account.passwd,
          '/etc/group': account.group,
          '/etc/hostname': `${hostname}\n`,
          '/run/cullis/hosts': hostsText(services, hostname, ip),
          '/run/cullis/resolv.conf': resolvText(home),
        },
        outerPidNamespace: readlinkSync('/proc/self/ns/pid'),
      },
      node,
    );
    // The kernel ends the namespace when this process ends, however that happens.
    const words = [
      '--pdeathsig',
      'KILL',
      '--',
      tools.unshare,
      ...namespaceFlags(how),
      '--fork',
      '--kill-child',
      '--',
      tools.sh,
      '-c',
      script,
    ];
    const output = await makeOutput(stage);
    const child = spawn(tools.setpriv, words, {
      env: { ...(spec.instance === undefined ? {} : { [INSTANCE_VARIABLE]: spec.instance }), [WORKLOAD_VARIABLE]: spec.workload },
      detached: true,
      stdio: ['ignore', ...output.fds, 'ipc'],
    });
    output.release();
    const caretaker = await Caretaker.up(child, output, spec.workload);
    caretaker.onAttempts = spec.onAttempts;
    caretaker.onQueries = (queries) => spec.onQueries?.(queries);
    await caretaker.ask((id) => ({
      op: 'names',
      id,
      hosts: hostsText(services, hostname, ip),
      table: nameTable(services),
      routes: ownRoutes(services),
    }));
    return caretaker;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** A workload runs under a user of its own. @throws CullisError config.unreadable when that user could not read the program's folder */
function checkReadable(project: string, cwd: string): void {
  if (!existsSync(cwd)) throw new CullisError('config.unreadable', `no folder \`${cwd}\``);
  const folder = unreadableFolder(project, cwd);
  if (folder === undefined) return;
  const help = `run \`chmod -R go+rX ${project}\`, or start without root, or with --isolation none`;
  throw new CullisError(
    'config.unreadable',
    `\`${folder}\` is closed to other users, and workloads run as users of their own here: ${help}`,
  );
}

function prepareWritable(folder: string, how: 'root' | 'userns', uid: number, gid: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (how === 'root') chownSync(folder, uid, gid);
  chmodSync(folder, 0o700);
}

/** The installation that this Node belongs to; init runs on it, and most workloads do. */
function nodeFolder(): string {
  const bin = dirname(process.execPath);
  return bin.endsWith('/bin') && !isBelow(bin, '/usr') && dirname(bin) !== '/' ? dirname(bin) : bin;
}

class Namespace implements WorkloadNamespace {
  readonly workload: string;
  readonly how: 'root' | 'userns';
  readonly ip: string;
  readonly home = HOME;
  readonly gone: Promise<string>;
  readonly #spec: NamespaceSpec;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<string>();
  readonly #renewed = new Set<(ip: string, port: number, raw: RawHandle) => Promise<void>>();
  #services: readonly MeshService[];
  #caretaker: Caretaker;

  constructor(spec: NamespaceSpec, ip: string, caretaker: Caretaker) {
    this.#spec = spec;
    this.workload = spec.workload;
    this.how = spec.isolation.how;
    this.ip = ip;
    this.#services = spec.services;
    this.#caretaker = caretaker;
    this.gone = this.#keep();
  }

  get pid(): number {
    return this.#caretaker.pid;
  }

  /** Makes the namespace anew whenever it ends by itself: its init was killed, or ran out of memory. */
  async #keep(): Promise<string> {
    for (let failures = 0; ;) {
      const why = await this.#caretaker.gone;
      if (this.#closing.signal.aborted) return why;
      this.#spec.onNotice?.(`the namespace of ${this.workload} ${why}, making it anew`);
      while (!this.#closing.signal.aborted) {
        try {
          this.#caretaker = await boot(this.#spec, this.#services, this.ip);
          failures = 0;
          await this.#renew();
          break;
        } catch (error) {
          failures++;
          this.#spec.onNotice?.(messageOf(error));
          await this.#caretaker.end();
          await pause(backoffMs(failures, Math.random()), this.#closing.signal);
        }
      }
      // Closed while it was being made.
      if (this.#closing.signal.aborted) await this.#caretaker.end();
    }
  }

  async #renew(): Promise<void> {
    for (const key of this.#listeners) {
      const colon = key.lastIndexOf(':');
      const [ip, port] = [key.slice(0, colon), Number(key.slice(colon + 1))] as const;
      for (const listener of this.#renewed) await listener(ip, port, await this.openListener(ip, port));
    }
  }

  launcher(program: Program): Launcher {
    return {
      launch: async () => await this.#launch(program),
      probe: async () => {
        const { ip, port } = program.address;
        return await probe(program.readiness, () => this.connect(ip, port, PROBE_TIMEOUT_MS), `${ip}:${port}`);
      },
    };
  }

  run(spec: Omit<RunSpec, 'namespace'>, events: RunEvents): RunningWorkload {
    return startWorkload({ ...spec, namespace: this }, events);
  }

  async #launch({ command, cwd, env, stopSignal }: Program): Promise<Launched> {
    checkProgram(command, cwd, env);
    const caretaker = this.#caretaker;
    const { pid, exited, signal } = await caretaker.run([...this.#asWorkload(), ...command], cwd, env);
    const { stdout, stderr } = caretaker.output;
    return {
      pid,
      exited,
      output: [
        { stream: 'stdout', readable: stdout },
        { stream: 'stderr', readable: stderr },
      ],
      end: async (graceMs) => {
        if (graceMs > 0) {
          const ended = new AbortController();
          void exited.then(() => ended.abort());
          signal(stopSignal);
          await pause(graceMs, ended.signal);
        }
        // Whatever the workload left behind in its namespace ends with it. A namespace that is gone took all with it.
        await caretaker.ask((id) => ({ op: 'sweep', id })).catch(() => undefined);
        await exited;
      },
    };
  }

  /** Words that turn init's rights into none at all. */
  #asWorkload(): string[] {
    const { uid, isolation } = this.#spec;
    const gid = this.#spec.gid ?? uid;
    const { setpriv, unshare, prlimit, perl } = isolation.tools;
    const never = [setpriv, '--no-new-privs', '--inh-caps=-all', '--pdeathsig', 'KILL'];
    const filter = isolation.seccomp ? seccompWords(perl) : [];
    if (this.how === 'root') {
      const ids = ['--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', '--bounding-set=-all'];
      // The user is this workload's alone, so a bound on the user is a bound on the workload.
      const bounds = prlimit ? [prlimit, `--nproc=${PROCESSES_MAX}`, '--core=0', '--'] : [];
      return [...never, ...ids, '--', ...bounds, ...filter];
    }
    // The only user there is in a user namespace is its root; one more namespace gives it another number and takes its rights away.
    return [unshare, '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--', ...never, '--', ...filter];
  }

  async openListener(ip: string, port: number): Promise<RawHandle> {
    try {
      const { isolation, ownPorts = [] } = this.#spec;
      if (isolation.link === 'lo' && ownPorts.includes(port))
        throw new Error('the workload itself listens on this port, and there is no veth here');
      // To the kernel every address is local there.
      if (!isServiceAddress(ip, this.#services))
        throw Object.assign(new Error('not an address of a service: EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' });
      const raw = await this.#caretaker.ask((id) => ({ op: 'listen', id, ip, port }));
      this.#listeners.add(`${ip}:${port}`);
      return raw!;
    } catch (error) {
      const text = `cannot listen on \`${ip}:${port}\` of \`${this.workload}\`: ${messageOf(error)}`;
      throw new CullisError('listen.failed', text, { cause: error });
    }
  }

  async closeListener(ip: string, port: number): Promise<void> {
    this.#listeners.delete(`${ip}:${port}`);
    await this.#caretaker.ask((id) => ({ op: 'unlisten', id, ip, port })).catch(() => undefined);
  }

  onRenewed(listener: (ip: string, port: number, raw: RawHandle) => Promise<void>): () => void {
    this.#renewed.add(listener);
    return () => this.#renewed.delete(listener);
  }

  async openConnection(ip: string, port: number, timeoutMs: number): Promise<RawHandle> {
    const ips = ip === '127.0.0.1' ? [ip, this.ip, '::1'] : [ip];
    try {
      return (await this.#caretaker.ask((id) => ({ op: 'connect', id, ips, port, timeoutMs }), timeoutMs + 1000))!;
    } catch (error) {
      const text = `\`${this.workload}\` does not accept on port ${port}: ${messageOf(error)}`;
      throw new CullisError('upstream.unreachable', text, { cause: error });
    }
  }

  async listen(ip: string, port: number): Promise<Server> {
    const server = createServer();
    await listenOn(server, await this.openListener(ip, port));
    server.once('close', () => void this.closeListener(ip, port));
    return server;
  }

  async connect(ip: string, port: number, timeoutMs = 5000): Promise<Socket> {
    return socketFrom(await this.openConnection(ip, port, timeoutMs));
  }

  async setServices(services: readonly MeshService[]): Promise<void> {
    this.#services = services;
    const hosts = hostsText(services, this.workload.replace('~', '-').slice(this.workload.indexOf('/') + 1), this.ip);
    await this.#caretaker.ask((id) => ({ op: 'names', id, hosts, table: nameTable(services), routes: ownRoutes(services) }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#caretaker.end();
    await this.gone;
  }
}
