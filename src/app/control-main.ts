// The control process: reads the manifests and watches them, holds the CA, serves snapshots and the admin API. Started by the supervisor.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, CullisError } from '#base/errors.ts';
import { startControl, type Control } from '#control/control.ts';
import type { NodePlan } from '#plan/plan.ts';
import { buildPlan } from '#plan/build.ts';
import { fileKeyWrap } from '#store/key-file.ts';
import { openSqlite } from '#store/sqlite.ts';
import { openJournal, readJournal } from '#telemetry/journal.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import { createLogger } from '#telemetry/log.ts';
import { systemClock, systemRandom } from '#telemetry/machine.ts';
import { Metrics } from '#telemetry/metrics.ts';
import type { Observed } from '#model/observed.ts';
import { findChange } from './change-finder.ts';
import { Manifests } from './manifests.ts';
import type { ControlRequest, ControlStart, FromControlProcess, ProcessState, ToControl } from './messages.ts';
import { readStart } from './plane-process.ts';
import { FILE_ANNOTATION } from './workloads.ts';
import { formatLocation, originOf } from '#model/origin.ts';

const WATCH_EVERY_MS = 500;
const RELOAD_TIMEOUT_MS = 30_000;

const start = await readStart<ControlStart>(process.stdin);
const log = createLogger({ name: 'control', level: 'warn', format: 'human' });
const say = (message: FromControlProcess): void => void process.send?.(message);

const nextId = uuidv7(systemClock, systemRandom);
const metrics = new Metrics();
const journalDir = join(start.stateDir, 'journal');
const journal = await openJournal(journalDir, {
  node: 'control',
  clock: systemClock,
  random: systemRandom,
  metrics,
  onError: (error) => log.error({ err: error }, 'journal write failed'),
});
const kv = openSqlite(join(start.stateDir, 'control.db'));
const manifests = new Manifests(start.paths, start.stdin, start.cwd);

let policyOn = start.policy;
let observed: Observed | undefined;
let plan: NodePlan | undefined;
/** Settled by the `place` request that follows a reload. */
let placed: PromiseWithResolvers<{ ok: boolean; version: string; reason: string }> | undefined;

const control: Control = await startControl({
  kv,
  keyWrap: fileKeyWrap(join(start.stateDir, 'key')),
  journal,
  journalDir,
  clock: systemClock,
  random: systemRandom,
  metrics,
  log,
  version: start.version,
  isolation: start.isolation,
  run: start.run,
  socketPath: start.socketPath,
  workerTokens: new Map(Object.entries(start.workerTokens)),
  admin: { address: '127.0.0.1', port: start.adminPort, pageDir: start.pageDir },
  reload,
  findChange: (event) => (plan ? findChange(plan, event) : undefined),
});

// For the command line and the page: a token of this run, readable by the owner only.
const tokenFile = join(start.stateDir, 'operator-token');
writeFileSync(tokenFile, `${control.operators.createForThisRun('owner', 'admin')}\n`, { mode: 0o600 });
writeFileSync(join(start.stateDir, 'admin-url'), `${control.adminUrl}\n`, { mode: 0o600 });

function announce(): void {
  const { loaded } = manifests;
  if (!loaded) return;
  control.setFindings(loaded.findings, loaded.diagnostics);
  // Origins stay behind in this process; the supervisor needs one fact of them, where a Workload document's folder is.
  const runs = loaded.system.runs.map((run) => {
    const file = originOf(run)?.file;
    return file === undefined ? run : { ...run, metadata: { ...run.metadata, annotations: { ...run.metadata.annotations, [FILE_ANNOTATION]: file } } };
  });
  say({ type: 'loaded', loaded: { ...loaded, system: { ...loaded.system, runs } }, adminUrl: control.adminUrl });
}

/** Reads everything again. A mistake leaves what is in force as it is. */
async function reload(): ReturnType<Parameters<typeof startControl>[0]['reload']> {
  const result = manifests.read();
  if (!result.ok) {
    const first = result.diagnostics.find((one) => one.severity === 'error');
    const reason = first ? `${formatLocation(first.location)}: ${first.message}` : 'nothing to read';
    control.setFindings(manifests.loaded?.findings ?? [], result.diagnostics);
    await journal.emitDurably({ type: 'config', id: nextId(), timeMs: Date.now(), node: 'control', action: 'rejected', version: '', detail: reason });
    say({ type: 'rejected', diagnostics: result.diagnostics });
    return { applied: false, version: plan?.version ?? '', reason, diagnostics: result.diagnostics };
  }
  placed?.resolve({ ok: false, version: '', reason: 'a newer reload took its place' });
  placed = Promise.withResolvers();
  announce();
  const late = setTimeout(() => placed?.resolve({ ok: false, version: '', reason: 'the supervisor did not answer' }), RELOAD_TIMEOUT_MS);
  const outcome = await placed.promise;
  clearTimeout(late);
  return { applied: outcome.ok, version: outcome.version, reason: outcome.reason, diagnostics: result.diagnostics };
}

async function apply(): Promise<string> {
  if (!manifests.loaded || !observed) throw new CullisError('config.invalid', 'nothing is placed yet');
  const { system } = manifests.loaded;
  const next = buildPlan(policyOn ? system : { ...system, authorizationPolicies: [] }, observed);
  const result = await control.applySystem(system, observed, next);
  placed?.resolve({ ok: result.ok, version: next.version, reason: result.ok ? '' : result.reason });
  placed = undefined;
  if (!result.ok) throw new CullisError('config.invalid', result.reason);
  plan = next;
  return next.version;
}

async function answer(request: ControlRequest): Promise<unknown> {
  switch (request.type) {
    case 'place':
      observed = request.observed;
      return await apply();
    case 'policy':
      policyOn = request.on;
      return await apply();
    case 'status':
      return control.status();
    case 'explain':
      return await control.explain(request.decision);
    case 'events': {
      const events = [];
      const filter = request.denied ? { contains: '"allowed":false' } : {};
      for await (const event of readJournal(journalDir, { reverse: true, limit: request.limit, ...filter })) events.push(event);
      return events;
    }
  }
}

process.on('message', (message: ToControl) => {
  if ('type' in message) {
    control.setProcesses(message.processes.filter((one) => one.kind === 'workload').map(processView));
    return;
  }
  answer(message.request).then(
    (value) => say({ type: 'answer', id: message.id, value: value ?? null }),
    (error: unknown) => say({ type: 'error', id: message.id, code: error instanceof CullisError ? error.code : 'process.failed', message: messageOf(error) }),
  );
});

function processView({ name, pid, state, restarts }: ProcessState): Parameters<Control['setProcesses']>[0][number] {
  return { workload: name, pid: pid === 0 ? null : pid, state, restarts };
}

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  clearInterval(watch);
  rmSync(tokenFile, { force: true });
  rmSync(join(start.stateDir, 'admin-url'), { force: true });
  await control.close();
  await journal.close();
  kv.close();
  process.exit(0);
}
// Without its supervisor nobody could ask it anything or stop it.
process.on('disconnect', () => void stop());
process.on('SIGTERM', () => void stop());

const watch = setInterval(() => {
  if (manifests.changed()) reload().catch((error: unknown) => log.error({ err: error }, 'reload failed'));
}, WATCH_EVERY_MS);

const first = manifests.read();
if (first.ok) announce();
else say({ type: 'rejected', diagnostics: first.diagnostics });
