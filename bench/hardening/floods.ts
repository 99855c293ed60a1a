// A gateway under each flood, while a well-behaved client measures what is left for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { call } from '../../test/fakes/mesh.ts';

export interface FloodResult {
  readonly kind: string;
  /** Milliseconds, of a request that the well-behaved client makes every few milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  readonly failed: number;
  /** MiB that the gateway's process held at the end. */
  readonly rssMiB: number;
  /** The attacker's connections: made, ended by the gateway, and of these with ENHANCE_YOUR_CALM. */
  readonly connections: number;
  readonly ended: number;
  readonly calm: number;
  readonly bytes: number;
}

const PACE_MS = 4;

async function firstLine(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout!.setEncoding('utf8');
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text;
}

const start = (script: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });

export class Target {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(child: ChildProcess, port: number, pid: number) {
    this.#child = child;
    this.port = port;
    this.#pid = pid;
  }

  static async open(): Promise<Target> {
    const child = start('target.ts');
    const { port, pid } = JSON.parse(await firstLine(child)) as { port: number; pid: number };
    return new Target(child, port, pid);
  }

  get alive(): boolean {
    return this.#child.exitCode === null;
  }

  rssMiB(): number {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kib) / 1024);
  }

  /** @param kind a name of `FLOODS`; '' for none */
  async measure(kind: string, ms: number): Promise<FloodResult> {
    const attacker = kind === '' ? undefined : start('attacker.ts', kind, String(this.port), String(ms));
    const told = attacker && firstLine(attacker);
    // The attacker's own start is no attack.
    const until = performance.now() + ms + (attacker ? 150 : 0);
    const times: number[] = [];
    let failed = 0;
    while (performance.now() < until) {
      const begun = performance.now();
      const status = await call(this.port, { agent: this.#agent }).then(
        (answer) => answer.status,
        () => 0,
      );
      const took = performance.now() - begun;
      times.push(took);
      if (status !== 200) failed++;
      if (took < PACE_MS) await new Promise((resolve) => setTimeout(resolve, PACE_MS - took));
    }
    const rssMiB = this.rssMiB();
    const none = { connections: 0, ended: 0, calm: 0, bytes: 0 };
    const attack = told ? (JSON.parse(await told) as typeof none) : none;
    times.sort((a, b) => a - b);
    const at = (share: number): number => Number(times[Math.min(times.length - 1, Math.floor(times.length * share))]!.toFixed(1));
    return {
      kind: kind === '' ? 'none' : kind,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      requests: times.length,
      failed,
      rssMiB,
      ...attack,
    };
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    const ended = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await ended;
  }
}

/** One line of a table that a person reads. */
export function floodLine(result: FloodResult): string {
  const { kind, p50Ms, p99Ms, requests, failed, rssMiB, connections, ended, calm, bytes } = result;
  const attack = `${connections} connections, ${ended} ended, ${calm} with ENHANCE_YOUR_CALM, ${(bytes / 1e6).toFixed(1)} MB`;
  return `${kind.padEnd(20)} p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${failed} of ${requests} failed, ${rssMiB} MiB${kind === 'none' ? '' : `; ${attack}`}`;
}
