// Runs pace.ts on the load's core and reads what it measured.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { LOAD_CORE, type Stand } from './stand.ts';

export interface Paced {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly errors: number;
}

/** @param options.rate requests a second, kept whatever the server does */
export function pace(
  stand: Stand,
  options: { readonly port: number; readonly rate: number; readonly seconds: number; readonly connections: number },
): Promise<Paced> {
  const { port, rate, seconds, connections } = options;
  const args = [
    '-c',
    String(LOAD_CORE),
    // It spins, and the origin on the same core must not wait for the end of its time slice.
    'nice',
    '-n',
    '19',
    process.execPath,
    join(import.meta.dirname, 'pace.ts'),
    ...[port, rate, seconds, connections].map(String),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', args, { cwd: stand.folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve(JSON.parse(text) as Paced) : reject(new Error(`the paced load ended with ${code}`)),
    );
  });
}
