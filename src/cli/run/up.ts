// `cullis up [PATH…]`: runs a system behind its gateway and sidecars until it is stopped.
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import type { LoadedSystem } from '#app/messages.ts';
import type { Opened } from '#app/open.ts';
import { CullisError } from '#base/errors.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { JsonFlag, StateFlag } from '../command.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { LogPrinter } from '../logs.ts';
import { renderDiagnostic } from '../view/check.ts';
import { renderStatus } from '../view/status.ts';
import { noRuns, renderMoved, renderPlaces } from '../view/up.ts';

export interface RunFlags extends JsonFlag, StateFlag {
  /** Proxy workers; as many as cores when absent. */
  readonly workers?: number;
  readonly isolation: 'auto' | 'none' | 'namespaces';
}

export interface UpPlan extends RunFlags {
  readonly paths: readonly string[];
  readonly policy: boolean;
  readonly extraEnv: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Shows the workloads' lines as they come; otherwise they are kept and shown when one fails. */
  readonly follow: boolean;
  /** Runs when everything is up. Resolving ends the session unless it waits. */
  serve(opened: Opened, failed: ReadonlyMap<string, string>): Promise<void>;
  /** Manifests are read, nothing runs yet. */
  loaded?(loaded: LoadedSystem): void;
}

/** How long the first look at the status waits for certificates and the workers' reports. */
export const SETTLE_MS = 5000;

export async function run(cli: Cli, flags: RunFlags, ...paths: readonly string[]): Promise<number> {
  return await bringUp(cli, {
    ...flags,
    paths: paths.length === 0 ? ['.'] : paths,
    policy: true,
    extraEnv: {},
    follow: true,
    async serve(opened, failed) {
      const status = await opened.supervisor.status(SETTLE_MS);
      if (flags.json)
        cli.out(
          JSON.stringify({
            ...status,
            admin: opened.supervisor.adminUrl,
            stateDir: opened.state.folder,
            moved: opened.supervisor.moved,
          }),
        );
      else
        for (const line of [
          ...renderMoved(opened.supervisor.moved, cli.paint),
          ...renderStatus(status, cli.paint),
          '',
          ...renderPlaces(opened, cli.paint),
        ])
          cli.out(line);
      for (const [id, why] of failed) cli.err(`${cli.paintErr('warn', id)} ${why}`);
    },
  });
}

/**
 * Everything `up` and the demo have in common: open, load, launch, serve, wait for the signal, stop. Whatever happens, what was started is stopped.
 * @returns the exit code
 */
export async function bringUp(cli: Cli, plan: UpPlan): Promise<number> {
  // Before the signals are taken: while this waits for its input, Ctrl-C must still end the process.
  const stdin = plan.paths.includes('-') ? Buffer.from(cli.stdin()).toString('utf8') : '';
  const { stop: signal, force } = cli.signals();
  const { openSystem } = await import('#app/open.ts');
  const logs = new LogPrinter(cli, plan.follow);
  const notices: string[] = [];
  let up = false;
  const opened = await openSystem({
    paths: plan.paths,
    stdin,
    cwd: cli.cwd,
    stateDir: resolve(cli.cwd, plan.state),
    isolation: plan.isolation,
    workers: plan.workers ?? availableParallelism(),
    policy: plan.policy,
    extraEnv: plan.extraEnv,
    onLog: (line) => logs.print(line),
    onNotice: (text) => (up || plan.follow ? cli.err(text) : notices.push(text)),
    onReload: ({ ok, text, diagnostics }) => {
      cli.err(`${cli.paintErr(ok ? 'good' : 'bad', 'reload')} ${text}`);
      printErrors(cli, diagnostics);
    },
  });
  if (opened.state.afterCrash) {
    const ended =
      opened.state.cleaned.length > 0 ? `ended ${opened.state.cleaned.join(', ')}, and` : 'all its processes had ended;';
    cli.err(`an earlier run was killed: ${ended} removed its sockets and temporary files`);
  }
  try {
    const result = await untilAborted(opened.supervisor.load(), signal);
    if (!result) return EXIT.fine;
    if (!result.ok) {
      for (const one of result.diagnostics) for (const line of renderDiagnostic(one, cli.paint, cli.columns)) cli.out(line);
      cli.err('nothing was started: the manifests have mistakes');
      return EXIT.usage;
    }
    if (result.loaded.system.runs.length === 0) {
      for (const line of noRuns(result.loaded.system)) cli.err(line);
      return EXIT.usage;
    }
    logs.names(result.loaded.system.runs.map((one) => one.spec.workload));
    plan.loaded?.(result.loaded);
    const failed = await untilAborted(opened.supervisor.launch(), signal);
    if (!failed) return EXIT.fine;
    up = true;
    for (const id of failed.keys()) logs.show(id);
    for (const text of failed.size > 0 ? notices : []) cli.err(text);
    await untilAborted(plan.serve(opened, failed), signal);
    if (!signal.aborted) await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
    return EXIT.fine;
  } catch (error) {
    for (const text of notices) cli.err(text);
    throw error;
  } finally {
    cli.note('stopping …');
    force.addEventListener('abort', () => opened.kill(), { once: true });
    await opened.stop();
  }
}

/** The work's result, or undefined when the signal comes first; then the work's own failure no longer matters. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  let stop: (() => void) | undefined;
  const aborted = new Promise<undefined>((done) =>
    signal.addEventListener('abort', (stop = () => done(undefined)), { once: true }),
  );
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (signal.aborted && error instanceof CullisError) return undefined;
    throw error;
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
    if (signal.aborted) work.catch(() => undefined);
  }
}

function printErrors(cli: Cli, diagnostics: readonly Diagnostic[]): void {
  for (const one of diagnostics.filter((diagnostic) => diagnostic.severity === 'error'))
    for (const line of renderDiagnostic(one, cli.paintErr, cli.columns)) cli.err(line);
}
