// Starts control and the proxy workers: Node with the permission model on, code generation off, secrets on standard input, logs line by line.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fileGrants } from './file-grants.ts';
import type { PlaneCode } from './code-cache.ts';
import { ENGINE_ENV, ENGINE_FLAGS } from './engine.ts';

const here = dirname(fileURLToPath(import.meta.url));
/** The checkout or the installed package. */
export const PACKAGE_ROOT = join(here, '..', '..');

/**
 * All that a plane may load: our code and the packages. Not the folder around them, where a user's state folder often lies, and with it the
 * CA's key.
 */
const CODE: readonly string[] = [
  dirname(here),
  join(PACKAGE_ROOT, 'package.json'),
  ...[
    join(PACKAGE_ROOT, 'node_modules'),
    ...(basename(dirname(PACKAGE_ROOT)) === 'node_modules' ? [dirname(PACKAGE_ROOT)] : []),
  ].filter((path) => existsSync(path)),
];

export interface PlaneSpec {
  /** `control`, `proxy/1` */
  readonly name: string;
  /** Its main, without ending, in the folder `app`. */
  readonly main: string;
  /** Makes the one JSON document that is written to standard input. */
  start(): unknown;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly code: PlaneCode;
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
  onLine(line: string): void;
}

/**
 * Node's flags for a plane. Files: our own code plus what the spec names. No child processes, no workers, no add-ons.
 */
export function planeFlags(read: readonly string[], write: readonly string[]): string[] {
  return [
    '--permission',
    '--allow-net',
    ...fileGrants([...CODE, ...read]).map((path) => `--allow-fs-read=${path}`),
    ...fileGrants(write).map((path) => `--allow-fs-write=${path}`),
    ...ENGINE_FLAGS,
    '--no-warnings',
  ];
}

/** Starts one plane; the caller listens to `message` and `exit`. The environment holds nothing of the user's but PATH and time zone. */
export function startPlane(spec: PlaneSpec): ChildProcess {
  const child = spawn(process.execPath, [...planeFlags(spec.read, spec.write), spec.code.mainOf(spec.main)], {
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...(process.env['TZ'] ? { TZ: process.env['TZ'] } : {}),
      ...ENGINE_ENV,
      ...spec.env,
    },
    // Its own process group: a Ctrl-C in the terminal reaches the supervisor alone, which then stops things in order.
    detached: true,
  });
  child.stdin!.on('error', () => {});
  child.stdin!.end(JSON.stringify(spec.start()));
  for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', (line) => spec.onLine(line));
  return child;
}
