// The control process: reads the manifests and watches them, holds the CA, serves snapshots and the admin API. Started by the supervisor.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { startControl, type Control } from '#control/control.ts';
import type { Event } from '#model/event.ts';
import type { ReplicaHealth } from '#model/observed.ts';
import { originOf } from '#model/origin.ts';
import { fileKeyWrap } from '#store/key-file.ts';
import { openSqlite } from '#store/sqlite.ts';
import { openJournal, readJournal } from '#telemetry/journal.ts';
import { createLogger } from '#telemetry/log.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { EndpointNames, resolveNames } from './endpoint-names.ts';
import { findChange } from './change-finder.ts';
import { Configuration } from './configuration.ts';
import { Manifests } from './manifests.ts';
import type { ControlRequest, ControlStart, FromControlProcess, LoadedSystem, ProcessState, ToControl } from './messages.ts';
import { readStart } from './start-document.ts';
import { TelemetryExport } from './telemetry-export.ts';
import { FILE_ANNOTATION } from './workloads.ts';

const WATCH_EVERY_MS = 200;
/** A look at many files may take this share of the time. */
const WATCH_SHARE = 0.05;
const STOP_TIMEOUT_MS = 2000;
/** Within which a collector may take what is left. */
const EXPORT_GRACE_MS = 800;

const start = await readStart<ControlStart>(process.stdin);
const log = createLogger({ name: 'control', level: 'warn', format: 'human' });
const say = (message: FromControlProcess): void => void process.send?.(message);

async function openControl() {
  const metrics = new Metrics();
  const journalDir = join(start.stateDir, 'journal');
  const common = { clock: systemClock, random: systemRandom, metrics, log };
  // First of all, so that a key that does not fit is said before anything is written.
  const keyWrap = fileKeyWrap(join(start.stateDir, 'key'));
  const journal = await openJournal(join(journalDir, 'control'), {
    ...common,
    node: 'control',
    onError: (error) => log.error({ err: error }, 'journal write failed'),
  });
  const kv = openSqlite(join(start.stateDir, 'control.db'));
  const control: Control = await startControl({
    ...common,
    kv,
    keyWrap,
    journal,
    journalDir,
    version: start.version,
    isolation: start.isolation,
    run: start.run,
    socketPath: start.socketPath,
    workerTokens: new Map(Object.entries(start.workerTokens)),
    admin: { address: '127.0.0.1', port: start.adminPort, pageDir: start.pageDir },
    reload: () => configuration.reload(),
    findChange: (event) => (configuration.plan ? findChange(configuration.plan, event) : undefined),
  });
  const exports = new TelemetryExport({
    ...common,
    env: start.env,
    cwd: start.cwd,
    journalDir,
    version: start.version,
    exposition: () => control.exposition(),
  });
  const manifests = new Manifests(start.paths, start.stdin, start.cwd);
  const endpointNames = new EndpointNames(resolveNames, (resolved) => {
    configuration.setResolved(resolved).catch((error: unknown) => log.error({ err: error }, 'endpoints could not be placed'));
  });
  const configuration: Configuration = new Configuration({
    manifests,
    clock: systemClock,
    control,
    resolve: (names) => endpointNames.watch(names),
    announce: (revision, loaded) => say({ type: 'loaded', revision, loaded: withFiles(loaded), adminUrl: control.adminUrl }),
    rejected: (diagnostics) => say({ type: 'rejected', diagnostics }),
    completed: (system) => exports.completed(system),
    applied: (system, plan) => exports.use(system, plan),
  });
  return { journal, journalDir, kv, control, manifests, configuration, exports };
}

const opened = await openControl().catch((error: unknown) => {
  if (!(error instanceof CullisError)) throw error;
  process.send?.({ type: 'failed', code: error.code, message: error.message } satisfies FromControlProcess, () =>
    process.exit(1),
  );
  // The channel may be gone already.
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS);
  return new Promise<never>(() => {});
});
const { journal, journalDir, kv, control, manifests, configuration, exports } = opened;

// For the command line and the page: a token of this run, readable by the owner only.
const tokenFile = join(start.stateDir, 'operator-token');
const addressFile = join(start.stateDir, 'admin-url');
control.operators.createForThisRun('owner', 'admin', start.ownerToken);
writeFileSync(tokenFile, `${start.ownerToken}\n`, { mode: 0o600 });
writeFileSync(addressFile, `${control.adminUrl}\n`, { mode: 0o600 });

/** Origins stay behind in this process; the supervisor needs one fact of them, where a Workload document's folder is. */
function withFiles(loaded: LoadedSystem): LoadedSystem {
  const runs = loaded.system.runs.map((run) => {
    const file = originOf(run)?.file;
    if (file === undefined) return run;
    return { ...run, metadata: { ...run.metadata, annotations: { ...run.metadata.annotations, [FILE_ANNOTATION]: file } } };
  });
  return { ...loaded, system: { ...loaded.system, runs } };
}

async function answer(request: ControlRequest): Promise<unknown> {
  switch (request.type) {
    case 'place':
      return await configuration.place(request.revision, request.observed, request.policy);
    case 'unplaceable':
      return await configuration.unplaceable(request.revision, request.reason);
    case 'policy':
      return await configuration.setPolicy(request.on);
    case 'leaving':
      return await configuration.leaving(request.replicas);
    case 'status':
      return request.settleMs === undefined ? control.status() : await control.settle(request.settleMs);
    case 'journal':
      return void (await Promise.all(request.events.map((event) => journal.emitDurably(event))));
    case 'explain':
      return await control.explain(request.decision);
    case 'events': {
      const events: Event[] = [];
      const filter = request.denied ? { contains: '"allowed":false' } : {};
      for await (const event of readJournal(journalDir, { reverse: true, limit: request.limit, ...filter })) events.push(event);
      return events;
    }
  }
}

process.on('message', (message: ToControl) => {
  if ('type' in message) {
    if (message.type === 'ping') return say({ type: 'pong' });
    const workloads = message.processes.filter((one) => one.kind === 'workload');
    control.setProcesses(workloads.map(processView));
    const health = Object.fromEntries(workloads.map(({ name, state }) => [name, HEALTH[state]]));
    configuration.setHealth(health).catch((error: unknown) => log.error({ err: error }, 'endpoints could not be placed'));
    return;
  }
  answer(message.request).then(
    (value) => say({ type: 'answer', id: message.id, value: value ?? null }),
    (error: unknown) => {
      if (!(error instanceof CullisError)) log.error({ err: error }, 'a question of the supervisor failed');
      const code = error instanceof CullisError ? error.code : 'process.failed';
      say({ type: 'error', id: message.id, code, message: messageOf(error) });
    },
  );
});

const HEALTH: Readonly<Record<ProcessState['state'], ReplicaHealth>> = {
  starting: 'starting',
  ready: 'ready',
  restarting: 'down',
  stopped: 'down',
};

function processView({ name, pid, state, restarts, version }: ProcessState): Parameters<Control['setProcesses']>[0][number] {
  return { workload: name, pid: pid === 0 ? null : pid, state, restarts, ...(version === undefined ? {} : { version }) };
}

let watch: NodeJS.Timeout | undefined;
let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  clearTimeout(watch);
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  rmSync(tokenFile, { force: true });
  rmSync(addressFile, { force: true });
  await exports.close(EXPORT_GRACE_MS);
  await control.close();
  await journal.close();
  kv.close();
  process.exit(0);
}
// Without its supervisor nobody could ask it anything or stop it.
process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());
if (!process.connected) void stop();

function look(): void {
  const startedMs = performance.now();
  if (manifests.changed()) configuration.reload(true).catch((error: unknown) => log.error({ err: error }, 'reload failed'));
  watch = setTimeout(look, Math.max(WATCH_EVERY_MS, (performance.now() - startedMs) / WATCH_SHARE));
}

configuration.reload().catch((error: unknown) => log.error({ err: error }, 'the first reading failed'));
if (!stopping) look();
