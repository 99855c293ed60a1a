// The face for whoever runs workloads: one function, the same for a plain process and for one in a namespace.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { Backoff } from './backoff.ts';
import { expandCommand, expandEnv } from './expand.ts';
import { PlainLauncher, type Place } from './process.ts';
import type { Readiness } from './readiness.ts';
import { type RunEvents, type RunningWorkload, supervise } from './supervise.ts';
import { childEnv } from './tools.ts';
import { INSTANCE_VARIABLE, RUN_VARIABLE, WORKLOAD_VARIABLE } from './tree.ts';

export interface RunSpec {
  /** `namespace/name` */
  readonly id: string;
  /** Program and arguments, no shell; `$(NAME)` expands from the environment. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Complete: only PATH, locale, time zone and TMPDIR are added where it does not say them, and a HOME that is not the user's. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of `env` whose values are never expanded, because they come from Secrets or fields. */
  readonly literalEnv?: readonly string[];
  readonly readiness: Readiness;
  /** Where it will serve; inside the namespace when there is one. */
  readonly address: { readonly ip: string; readonly port: number };
  /** From the first start; later the workload is reported as late, and is still waited for. */
  readonly readyTimeoutMs: number;
  /** Taken on where this process may (root); in a namespace the namespace's own user is used instead. */
  readonly uid?: number;
  readonly gid?: number;
  readonly namespace?: Place;
  /** Id of the state folder: marks every process, so that what escapes or outlives a crash is found. */
  readonly instance?: string;
  /** SIGTERM unless the program ends better with another (PostgreSQL: SIGINT). */
  readonly stopSignal?: NodeJS.Signals;
  readonly backoff?: Partial<Backoff>;
}

/**
 * Starts a program in a session of its own and keeps it running: readiness, restarts with back-off, output as bounded lines.
 * Never throws: what goes wrong is in the status, and `ready()` rejects with it.
 * @example const cart = startWorkload({ id: 'shop/cart', command: ['node', 'server.ts'], … }, { onLog: (line) => … });
 */
export function startWorkload(spec: RunSpec, events: RunEvents): RunningWorkload {
  const home = spec.namespace ? spec.namespace.home : tmpdir();
  // Two runs of one workload (replicas) must not be taken for each other.
  const run = randomUUID();
  const instance = spec.instance === undefined ? {} : { [INSTANCE_VARIABLE]: spec.instance };
  const marks = { ...instance, [WORKLOAD_VARIABLE]: spec.id, [RUN_VARIABLE]: run };
  const env: Record<string, string> = { ...childEnv(expandEnv(spec.env, new Set(spec.literalEnv)), home), ...marks };
  if (spec.namespace) env['TMPDIR'] = '/tmp';
  const program = {
    command: expandCommand(spec.command, env),
    cwd: spec.cwd,
    env,
    readiness: spec.readiness,
    address: spec.address,
    stopSignal: spec.stopSignal ?? 'SIGTERM',
    run,
    ...(spec.uid === undefined ? {} : { uid: spec.uid }),
    ...(spec.gid === undefined ? {} : { gid: spec.gid }),
  } as const;
  const launcher = spec.namespace ? spec.namespace.launcher(program) : new PlainLauncher(program);
  return supervise(launcher, spec, events);
}
