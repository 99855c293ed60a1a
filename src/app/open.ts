// From options to a running system: the state folder, the isolation this machine can give, the supervisor.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CullisError } from '#base/errors.ts';
import { closeInherited } from '#host/init-inherited.ts';
import { isolationAvailable, type Isolation } from '#host/isolation.ts';
import { openState, type State } from '#host/state.ts';
import { PACKAGE_ROOT } from './plane-process.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';

export interface OpenOptions extends Pick<
  SupervisorOptions,
  'paths' | 'stdin' | 'cwd' | 'workers' | 'policy' | 'extraEnv' | 'onLog' | 'onNotice' | 'onReload'
> {
  /** Absolute. */
  readonly stateDir: string;
  readonly isolation: 'auto' | 'none' | 'namespaces';
}

export interface Opened {
  readonly supervisor: Supervisor;
  readonly state: State;
  readonly isolation: Isolation;
  /** Text for people: why there is no isolation, or what is amiss with it; '' when it is whole. */
  readonly isolationNote: string;
  /** The token of this run, for the page's link. */
  ownerToken(): string;
  /** Stops everything that was started and gives the state folder free, within about six seconds. Safe to call twice. */
  stop(): Promise<void>;
  /** Makes a `stop` under way quick: nothing is asked to end, everything is ended. */
  kill(): void;
}

/** Version in package.json. */
export function productVersion(): string {
  return (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

/**
 * Opens the state folder, cleaning what an earlier run that was killed left behind, and prepares a supervisor. Nothing is started yet.
 * @throws CullisError state.locked, state.unreadable, isolation.unavailable when `namespaces` was demanded and cannot be had
 */
export async function openSystem(options: OpenOptions): Promise<Opened> {
  // Neither the planes nor a workload without a namespace get them.
  closeInherited();
  const isolation: Isolation =
    options.isolation === 'none' ? { ok: false, why: 'switched off with --isolation none' } : isolationAvailable();
  if (options.isolation === 'namespaces' && !isolation.ok) throw new CullisError('isolation.unavailable', isolation.why);
  const state = await openState(options.stateDir);
  const forget = (): void => {
    // Control removes them when it ends by itself; a token that opens nothing would only mislead.
    for (const name of ['operator-token', 'admin-url']) rmSync(state.path(name), { force: true });
  };
  forget();
  let stopped: Promise<void> | undefined;
  try {
    const supervisor = new Supervisor({
      ...options,
      state,
      isolation: isolation.ok ? isolation : undefined,
      version: productVersion(),
    });
    return {
      supervisor,
      state,
      isolation,
      isolationNote: isolation.ok ? isolation.note : isolation.why,
      ownerToken: () => supervisor.ownerToken,
      stop: () =>
        (stopped ??= supervisor.stop().finally(() => {
          forget();
          state.close();
        })),
      kill: () => supervisor.kill(),
    };
  } catch (error) {
    state.close();
    throw error;
  }
}
