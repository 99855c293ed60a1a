// Who is measured: a row each, with how it is started for a job.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_ENV, ENGINE_FLAGS } from '#app/engine.ts';
import { planeFlags } from '#app/plane-process.ts';
import { type Ports, haproxyPair, haproxyPlain, nginxPair, nginxPlain } from './rivals.ts';
import { type Certificates, type Stand, versionOf } from './stand.ts';

/** `plain`: client > proxy > origin. `pair`: client > proxy > mTLS > proxy > origin, both proxies in one process. */
export type Job = 'plain' | 'pair';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Contender {
  readonly name: string;
  /** '' when it is not installed. */
  readonly version: string;
  command(stand: Stand, job: Job, ports: Ports, pem: Certificates): Command;
}

/** A program of this folder that takes its ports and the files of the mesh. */
function script(name: string): Contender['command'] {
  return (_stand, job, { origin, entry, inner }, { ca, cart, front }) => ({
    program: process.execPath,
    args: [
      join(import.meta.dirname, name),
      ...[job, origin, entry, inner].map(String),
      ca,
      cart.cert,
      cart.key,
      front.cert,
      front.key,
    ],
  });
}

/** As the supervisor starts a worker: permission model on, its engine flags, no types to strip at start, a journal folder of its own. */
export function productCommand(stand: Stand, args: readonly (string | number)[], name = ''): Command {
  const code = join(stand.folder, 'code');
  const journal = join(stand.folder, `journal${name}`);
  const main = join(import.meta.dirname, 'product.ts');
  const env = { ...ENGINE_ENV, NODE_COMPILE_CACHE: code };
  for (const folder of [code, journal]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  spawnSync(process.execPath, [...ENGINE_FLAGS, main, 'compile'], { env: { ...process.env, ...env }, stdio: 'inherit' });
  return {
    program: process.execPath,
    args: [...planeFlags([import.meta.dirname, code, journal], [code, journal]), main, journal, ...args.map(String)],
    env,
  };
}

const node = `node ${process.versions.node}`;

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'nginx',
    version: versionOf('nginx', ['-v'], /nginx\/(\S+)/),
    command: (stand, job, ports, pem) => ({
      program: 'nginx',
      args: job === 'plain' ? nginxPlain(stand, ports) : nginxPair(stand, ports, pem),
    }),
  },
  {
    name: 'haproxy',
    version: versionOf('haproxy', ['-v'], /version (\S+)/),
    command: (stand, job, ports, pem) => ({
      program: 'haproxy',
      args: job === 'plain' ? haproxyPlain(stand, ports) : haproxyPair(stand, ports, pem),
    }),
  },
  {
    name: 'cullis',
    version: node,
    command: (stand, job, { origin, entry, inner }) => productCommand(stand, [job, origin, entry, inner]),
  },
  { name: 'node:http', version: node, command: script('node-http.ts') },
  // The wire alone, without policy and telemetry: the ceiling for the product.
  { name: 'codec', version: node, command: script('codec.ts') },
];
