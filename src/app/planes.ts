// What control and the proxy worker are started with: their documents, and what of the disk each may touch.
import { randomBytes } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { State } from '#host/state.ts';
import { ENV_NAME } from '#telemetry/otlp/settings.ts';
import { planeCode, type PlaneCode } from './code-cache.ts';
import type { ControlStart, WorkerStart } from './messages.ts';
import { PACKAGE_ROOT, type PlaneSpec } from './plane-process.ts';

export interface PlanesOptions {
  readonly paths: readonly string[];
  readonly stdin: string;
  readonly cwd: string;
  readonly state: State;
  readonly namespaces: boolean;
  readonly version: string;
  /** Proxy workers, at least 1. */
  readonly workers: number;
  /** Asked at every start. */
  adminPort(): number;
  onLine(name: string, line: string): void;
}

/** @returns all of them, and the token that opens the admin API while this run lasts */
export function planeSpecs(options: PlanesOptions): {
  control: PlaneSpec;
  workers: PlaneSpec[];
  ownerToken: string;
  code: PlaneCode;
} {
  const { paths, stdin, cwd, state } = options;
  const ownerToken = `cullis_${secret()}`;
  const run = secret();
  const code = planeCode(PACKAGE_ROOT);
  const socketPath = join(state.folder, 'control', 'control.sock');
  const tokens = new Map(Array.from({ length: options.workers }, (_, i) => [`proxy/${i + 1}`, secret()]));
  const controlStart = (): ControlStart => ({
    paths,
    stdin,
    cwd,
    stateDir: state.folder,
    socketPath,
    pageDir: join(PACKAGE_ROOT, 'dashboard', 'page'),
    adminPort: options.adminPort(),
    isolation: options.namespaces ? 'namespaces' : 'none',
    version: options.version,
    run,
    ownerToken,
    env: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (value !== undefined && ENV_NAME.test(name) ? [[name, value]] : [])),
    ),
    workerTokens: Object.fromEntries(tokens),
  });
  return {
    code,
    ownerToken,
    control: {
      name: 'control',
      main: 'control-main',
      start: controlStart,
      // Of the manifests only what the user named; a file that is named later needs a new start.
      read: [
        state.folder,
        join(PACKAGE_ROOT, 'dashboard', 'page'),
        ...paths.filter((path) => path !== '-').flatMap((path) => places(resolve(cwd, path))),
      ],
      write: [state.folder],
      env: {},
      code,
      onLine: (line) => options.onLine('control', line),
    },
    workers: [...tokens].map(([name, token]) => {
      let starts = 0;
      // A folder a writer: a worker that was taken over must not reach the lines of others.
      const journalDir = join(state.folder, 'journal', name.replace('/', '-'));
      mkdirSync(journalDir, { recursive: true, mode: 0o700 });
      return {
        name,
        main: 'worker-main',
        start: (): WorkerStart => ({
          name,
          token,
          socketPath,
          journalDir,
          handles: options.namespaces,
          shared: options.workers > 1,
          workers: options.workers,
          anew: starts++ > 0,
        }),
        read: ['/proc', journalDir],
        write: [journalDir],
        env: {},
        code,
        onLine: (line) => options.onLine(name, line),
      };
    }),
  };
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** A path and what it is a link to. */
function places(path: string): string[] {
  try {
    return [...new Set([path, realpathSync(path)])];
  } catch {
    // Not there: the reader will say so.
    return [path];
  }
}
