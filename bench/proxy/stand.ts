// What every contender stands on: a temporary folder with certificates, processes that end with the run, cores to be pinned to.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeCertificate } from '../../test/fakes/plain-certificates.ts';

/** The core of whatever is measured, and the core of everything else. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;
/** util-linux: runs a program on given cores. */
export const PIN = 'taskset';

export const CART_ID = 'spiffe://cluster.local/ns/shop/sa/cart';
export const FRONT_ID = 'spiffe://cluster.local/ns/shop/sa/front';

/** PEM files of the mesh: one issuing CA, a server and a client identity; `bundle` files hold certificate and key for HAProxy. */
export interface Certificates {
  readonly ca: string;
  readonly cart: { readonly cert: string; readonly key: string; readonly bundle: string };
  readonly front: { readonly cert: string; readonly key: string; readonly bundle: string };
}

/** Ports of one contender: `entry` is what the load calls; `inner` is the TLS hop between the two proxies of a pair. */
export interface Ports {
  readonly origin: number;
  readonly entry: number;
  readonly inner: number;
}

export class Stand {
  readonly folder = mkdtempSync(join(tmpdir(), 'cullis-bench-'));
  readonly #children: ChildProcess[] = [];

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  certificates(): Certificates {
    const root = fakeCertificate('root', undefined);
    const leaf = (name: string, uri: string): Certificates['cart'] => {
      const made = fakeCertificate(name, uri, root);
      return {
        cert: this.write(`${name}.crt`, made.certPem),
        key: this.write(`${name}.key`, made.keyPem),
        bundle: this.write(`${name}.pem`, made.certPem + made.keyPem),
      };
    };
    return { ca: this.write('ca.crt', root.certPem), cart: leaf('cart', CART_ID), front: leaf('front', FRONT_ID) };
  }

  /** Starts a program on one core. What it says on standard error is shown. @param env added to this process' own */
  start(core: number, command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(PIN, ['-c', String(core), command, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#children.push(child);
    return child;
  }

  /** Runs a program on the load's core. @returns what it printed @throws (rejects) Error when it fails */
  run(command: string, args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(PIN, ['-c', String(LOAD_CORE), command, ...args], {
        cwd: this.folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.once('error', reject);
      child.once('exit', (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}`))));
    });
  }

  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async close(): Promise<void> {
    for (const child of this.#children) await this.stop(child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A loopback port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Version as the program says it, '' when it is not installed. */
export function versionOf(command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return error ? '' : (pattern.exec(stdout + stderr)?.[1] ?? '');
}

export interface Usage {
  readonly cpuMs: number;
  /** The part of it that the kernel worked. */
  readonly systemMs: number;
  readonly rssMiB: number;
}

/** Processor time and memory of a process and its children, from /proc. */
export function usageOf(pid: number): Usage {
  let cpuMs = 0;
  let systemMs = 0;
  let rssMiB = 0;
  for (const one of [pid, ...childrenOf(pid)]) {
    const fields = readFileSync(`/proc/${one}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    // utime and stime are in ticks of 10 ms, rss in pages of 4 KiB.
    cpuMs += (Number(fields[11]) + Number(fields[12])) * 10;
    systemMs += Number(fields[12]) * 10;
    rssMiB += Number(fields[21]) / 256;
  }
  return { cpuMs, systemMs, rssMiB };
}

/** What was measured, and how much of a core programs that are not part of the bench took meanwhile. */
export interface Undisturbed<T> {
  readonly value: T;
  readonly disturbed: number;
}

const DISTURBED_MAX = 0.05;

/** Measures until others leave the machine alone meanwhile, at most `tries` times; the least disturbed time counts. */
export async function undisturbed<T>(tries: number, work: () => Promise<T>): Promise<Undisturbed<T>> {
  let best: Undisturbed<T> | undefined;
  for (let i = 0; i < tries && (best === undefined || best.disturbed > DISTURBED_MAX); i++) {
    const [othersMs, startMs] = [othersCpuMs(), performance.now()];
    const value = await work();
    const disturbed = Math.max(0, (othersCpuMs() - othersMs) / (performance.now() - startMs));
    if (best === undefined || disturbed < best.disturbed) best = { value, disturbed };
  }
  return best!;
}

/** Processor time of all programs but this one and those it started, and what the host took; interrupts left out, whose cause is not known. */
function othersCpuMs(): number {
  const line = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.split(' ').map(Number);
  const ended = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  // cutime and cstime: of the children that have ended.
  return (user + nice + system + steal - Number(ended[13]) - Number(ended[14])) * 10 - usageOf(process.pid).cpuMs;
}

function childrenOf(pid: number): number[] {
  const own = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return own === '' ? [] : own.split(' ').flatMap((child) => [Number(child), ...childrenOf(Number(child))]);
}
