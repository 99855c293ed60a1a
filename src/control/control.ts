// The control plane: CA, snapshots, admin API and the journal's index in one process. It holds the CA's key, so no proxy code runs here.
import type { ExplainResponse, StatusResponse } from '#api/control.ts';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { ConfigEvent } from '#model/event.ts';
import type { Finding } from '#model/finding.ts';
import type { Observed } from '#model/observed.ts';
import type { WorkerReport } from '#model/snapshot.ts';
import type { System } from '#model/system.ts';
import type { EndpointTurn } from '#plan/build.ts';
import type { NodePlan } from '#plan/plan.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import { mergeExposition } from '#telemetry/exposition.ts';
import { measureProcess } from '#telemetry/process-metrics.ts';
import { AdminServer } from './admin.ts';
import { DriftWatch } from './drift.ts';
import { type EndpointFacts, endpointEvents } from './endpoint-events.ts';
import { explainEvent } from './explanation.ts';
import { makeHandlers } from './handlers.ts';
import { LinkLedger } from './links.ts';
import { renderLinks } from './link-metrics.ts';
import { LiveFeed } from './live.ts';
import { openOperators, type Operators } from './operators.ts';
import { Rotation } from './rotation.ts';
import { type SnapshotMessage, SnapshotServer, type SvidAnswer } from './snapshots.ts';
import type { Applied, Control, ControlPorts, TlsKeys } from './ports.ts';
import { openSessionKey, readLastSnapshot, saveLastSnapshot } from './state.ts';
import { buildStatus, type InForce, type ProcessView, type StatusSources } from './status.ts';
import { TrustKeeper } from './trust.ts';
import { TrustActions } from './trust-actions.ts';

export type { Applied, Control, ControlPorts } from './ports.ts';

const CA_CHECK_EVERY_MS = 60_000;
const TTL_DEFAULT_MS = 24 * 3_600_000;
const SETTLE_LOOK_MS = 10;
const ROTATION_LOOK_MS = 250;

/** @throws CullisError key.unavailable, state.unreadable, listen.failed */
export async function startControl(ports: ControlPorts): Promise<Control> {
  const operators = await openOperators({ ...ports, emit: ports.journal, node: 'control' });
  const sessionKey = await openSessionKey(ports.kv, ports.keyWrap, ports.random);
  const plane = new ControlPlane(ports, operators, sessionKey);
  try {
    await plane.start();
  } catch (error) {
    await plane.close();
    throw error;
  }
  return plane;
}

class ControlPlane implements Control {
  readonly operators: Operators;
  adminUrl = '';
  readonly #ports: ControlPorts;
  readonly #sessionKey: string;
  readonly #nextId: () => string;
  readonly #startedMs: number;
  readonly #snapshots: SnapshotServer;
  readonly #admin: AdminServer;
  readonly #live: LiveFeed;
  readonly #ledger = new LinkLedger();
  readonly #reports = new Map<string, { readonly report: WorkerReport; readonly atMs: number }>();
  readonly #trust: TrustKeeper;
  readonly #rotation: Rotation;
  #rotationTimer: NodeJS.Timeout | undefined;
  #inForce: InForce | undefined;
  /** Plans whose identities may be certified: the one in force, and during a distribution the one that is being tried. */
  #certifiable: readonly NodePlan[] = [];
  #ttlMs = TTL_DEFAULT_MS;
  #rejected: StatusResponse['rejected'] = null;
  #findings: readonly Finding[] = [];
  #diagnostics: readonly Diagnostic[] = [];
  #processes: readonly ProcessView[] = [];
  readonly #drift = new DriftWatch();
  #applying: Promise<unknown> = Promise.resolve();
  #caTimer: NodeJS.Timeout | undefined;

  constructor(ports: ControlPorts, operators: Operators, sessionKey: string) {
    const { clock, random, log, metrics } = ports;
    this.#ports = ports;
    this.operators = operators;
    this.#sessionKey = sessionKey;
    this.#nextId = uuidv7(clock, random);
    this.#startedMs = clock.nowMs();
    this.#trust = new TrustKeeper(ports);
    this.#snapshots = new SnapshotServer({
      socketPath: ports.socketPath,
      tokens: ports.workerTokens,
      clock,
      log,
      trust: () => this.#trust.state,
      onCsr: (worker, identity, csrPem) => this.#sign(worker, identity, csrPem),
      onReport: (report) => this.#take(report),
      onLateNack: (worker, version, reason) => {
        log.error({ worker, version, reason }, 'worker refused the snapshot in force');
        this.#rejected = { version, reason: `worker ${worker}: ${reason}`, timeMs: clock.nowMs() };
      },
    });
    this.#rotation = new Rotation({
      trust: this.#trust,
      clock,
      log,
      workers: () => this.#snapshots.expected(),
      report: (worker) => this.#reports.get(worker)?.report,
      identitiesOf: (worker) => (this.#inForce ? this.#identitiesOf(worker, this.#inForce.plan) : []),
      sendTrust: () => this.#snapshots.sendTrust(),
      sendRenew: (worker, identities) => this.#snapshots.sendRenew(worker, identities),
      askReports: () => this.#snapshots.askReports(),
    });
    const trustActions = new TrustActions({
      trust: this.#trust,
      rotation: this.#rotation,
      snapshots: this.#snapshots,
      report: (worker) => this.#reports.get(worker)?.report,
      clock,
    });
    this.#live = new LiveFeed(() => this.status(), ports.liveEveryMs);
    this.#admin = new AdminServer({
      address: ports.admin.address,
      port: ports.admin.port,
      pageDir: ports.admin.pageDir,
      operators,
      handlers: makeHandlers({
        version: ports.version,
        journalDir: ports.journalDir,
        operators,
        sources: () => this.#sources(),
        status: () => this.status(),
        latest: (identity) => this.#trust.ca?.latest(identity),
        rootPem: () => this.#trust.ca?.roots ?? [],
        trust: trustActions,
        explain: (id) => this.explain(id),
        reload: () => ports.reload(),
      }),
      live: (response, mayStay) => this.#live.add(response, mayStay),
      exposition: () => this.exposition(),
      ready: () => this.status().ready,
      metrics,
      clock,
      random,
      log,
    });
    measureProcess(metrics, clock);
    metrics.onRender(() => this.#measure());
  }

  async start(): Promise<void> {
    const last = readLastSnapshot(this.#ports.kv, this.#ports.run);
    if (last) {
      // Workers of this run still have it; until the manifests are read again, their certificates must be renewed by it.
      await this.#trust.use(last.plan.mesh.trustDomain, last.plan.mesh.trustDomainAliases);
      this.#certifiable = [last.plan];
      this.#ttlMs = last.system.platform.certificateTtlMs;
      this.#inForce = { system: last.system, plan: last.plan, appliedMs: this.#ports.clock.nowMs() };
      this.#snapshots.resume(this.#message(last.plan));
    }
    await this.#snapshots.listen();
    this.adminUrl = await this.#admin.listen();
    this.#caTimer = setInterval(() => {
      if (this.#trust.prune()) this.#snapshots.sendTrust();
      this.#trust.ca
        ?.renewIssuingWhenDue(this.#ttlMs)
        .catch((error: unknown) => this.#ports.log.error({ err: error }, 'issuing CA was not renewed'));
    }, CA_CHECK_EVERY_MS).unref();
    this.#rotationTimer = setInterval(() => {
      this.#rotation
        .tick()
        .catch((error: unknown) => this.#ports.log.error({ err: error }, 'the rotation of the root could not go on'));
    }, ROTATION_LOOK_MS).unref();
  }

  applySystem(system: System, _observed: Observed, plan: NodePlan, tlsKeys: TlsKeys = {}): Promise<Applied> {
    const result = this.#applying.then(() => this.#apply(system, plan, tlsKeys));
    this.#applying = result.catch(() => undefined);
    return result;
  }

  async #apply(system: System, plan: NodePlan, tlsKeys: TlsKeys): Promise<Applied> {
    const { clock, kv, log, metrics, run } = this.#ports;
    const fault = faultOf(plan);
    if (fault) return this.#refuse(plan.version, fault);
    const former = { trust: this.#trust.present(), certifiable: this.#certifiable, ttlMs: this.#ttlMs };
    let verdict: Awaited<ReturnType<SnapshotServer['distribute']>>;
    try {
      await this.#trust.use(plan.mesh.trustDomain, plan.mesh.trustDomainAliases);
      this.#certifiable = [plan, ...former.certifiable.slice(0, 1)];
      this.#ttlMs = system.platform.certificateTtlMs;
      // On disk before a worker sees it: whatever is in force has been said.
      await this.#say('applied', plan.version, `offered to ${this.#connectedCount()} workers`);
      verdict = await this.#snapshots.distribute({ ...this.#message(plan), tlsKeys }, () => this.#trust.goBack(former.trust));
    } catch (error) {
      this.#trust.goBack(former.trust);
      this.#certifiable = former.certifiable;
      this.#ttlMs = former.ttlMs;
      log.error({ err: error, version: plan.version }, 'configuration could not be offered');
      return { ok: false, reason: error instanceof CullisError ? error.message : `bug: ${messageOf(error)}` };
    }
    if (!verdict.ok) {
      this.#certifiable = former.certifiable;
      this.#ttlMs = former.ttlMs;
      return this.#refuse(plan.version, `worker ${verdict.worker} refused it: ${verdict.reason}`);
    }
    this.#certifiable = [plan];
    this.#inForce = { system, plan, appliedMs: clock.nowMs() };
    this.#rejected = null;
    this.#lookAtVersions();
    try {
      saveLastSnapshot(kv, { run, plan, system });
    } catch (error) {
      // It is in force all the same; a restarted control would go on with the one before until the manifests are read again.
      log.error({ err: error, version: plan.version }, 'the snapshot in force could not be stored');
    }
    metrics.counter('cullis_config_changes_total', 'applied').inc();
    metrics.gauge('cullis_config_applied_seconds').set(clock.nowMs() / 1000);
    return { ok: true };
  }

  applyEndpoints(turn: EndpointTurn): Promise<void> {
    const result = this.#applying.then(() => this.#applyEndpoints(turn));
    this.#applying = result.catch(() => undefined);
    return result;
  }

  async #applyEndpoints({ from, plan, changes }: EndpointTurn): Promise<void> {
    const before = this.#inForce;
    // Another configuration came in between: whoever asked looks again.
    if (before?.plan.version !== from) return;
    const message = { type: 'endpoints', from, version: plan.version, changes, expiresAtMs: 0 } as const;
    this.#certifiable = [plan];
    this.#inForce = { ...before, plan };
    for (const event of endpointEvents(before.plan, changes)) this.#emit(event);
    await this.#snapshots.distributeEndpoints(this.#message(plan), message);
    this.#ports.metrics.counter('cullis_config_changes_total', 'endpoints').inc();
  }

  #emit(event: EndpointFacts): void {
    const { journal, clock } = this.#ports;
    journal.emit({ type: 'endpoint', id: this.#nextId(), timeMs: clock.nowMs(), node: 'control', ...event });
  }

  async #refuse(version: string, reason: string): Promise<Applied> {
    await this.reject(version, reason);
    return { ok: false, reason };
  }

  async reject(version: string, reason: string): Promise<void> {
    const { clock, log, metrics } = this.#ports;
    this.#rejected = { version, reason, timeMs: clock.nowMs() };
    metrics.counter('cullis_config_changes_total', 'rejected').inc();
    log.info({ version, reason }, 'configuration rejected, the former one stays');
    await this.#say('rejected', version, reason);
  }

  setFindings(findings: readonly Finding[] | undefined, diagnostics: readonly Diagnostic[]): void {
    if (findings) this.#findings = findings;
    this.#diagnostics = diagnostics;
  }

  setProcesses(processes: readonly ProcessView[]): void {
    this.#processes = processes;
    this.#lookAtVersions();
  }

  /** Tells when a service begins to run other versions than declared, and when it is as declared again. */
  #lookAtVersions(): void {
    if (this.#inForce) for (const event of this.#drift.look(this.#inForce.system, this.#processes)) this.#emit(event);
  }

  setWorkerToken(name: string, token: string): void {
    this.#snapshots.setToken(name, token);
  }

  status(): StatusResponse {
    return buildStatus(this.#sources());
  }

  workerThere(timeoutMs: number): Promise<boolean> {
    return this.#snapshots.someoneThere(timeoutMs);
  }

  async settle(timeoutMs: number): Promise<StatusResponse> {
    const { clock } = this.#ports;
    const sinceMs = clock.nowMs();
    const untilMs = clock.monotonicMs() + timeoutMs;
    for (let look = 0; ; look++) {
      const status = this.status();
      if (clock.monotonicMs() >= untilMs || isSettled(status, sinceMs)) return status;
      // A report from before the last certificate came is not the last word.
      if (look % 5 === 0) this.#snapshots.askReports();
      await new Promise((resolve) => {
        setTimeout(resolve, SETTLE_LOOK_MS);
      });
    }
  }

  explain(id: string): Promise<ExplainResponse | undefined> {
    return explainEvent(this.#ports.journalDir, id, this.#ports.findChange ?? (() => undefined));
  }

  async close(): Promise<void> {
    clearInterval(this.#caTimer);
    clearInterval(this.#rotationTimer);
    this.#live.close();
    await this.#admin.close();
    await this.#snapshots.close();
    await this.#applying;
  }

  #message(plan: NodePlan): SnapshotMessage {
    return { type: 'snapshot', version: plan.version, plan, sessionKey: this.#sessionKey, expiresAtMs: 0 };
  }

  async #sign(worker: string, identity: string, csrPem: string): Promise<SvidAnswer> {
    const { ca } = this.#trust;
    if (!ca) return { ok: false, reason: 'no configuration is in force yet' };
    const results = this.#ports.metrics;
    try {
      const chainPem = await ca.issue(worker, identity, csrPem, this.#ttlMs, (wanted) => this.#mayHave(worker, wanted));
      results.counter('cullis_certificates_issued_total', 'issued').inc();
      return { ok: true, chainPem };
    } catch (error) {
      if (!(error instanceof CullisError)) throw error;
      results.counter('cullis_certificates_issued_total', 'refused').inc();
      return { ok: false, reason: error.message };
    }
  }

  #mayHave(worker: string, identity: string): boolean {
    return this.#certifiable.some((plan) => this.#identitiesOf(worker, plan).includes(identity));
  }

  #identitiesOf(worker: string, plan: NodePlan): readonly string[] {
    return this.#ports.identitiesOf?.(worker, plan) ?? identitiesIn(plan);
  }

  #take(report: WorkerReport): void {
    this.#reports.set(report.name, { report, atMs: this.#ports.clock.nowMs() });
    this.#ledger.report(report);
  }

  #sources(): StatusSources {
    return {
      version: this.#ports.version,
      isolation: this.#ports.isolation,
      startedMs: this.#startedMs,
      nowMs: this.#ports.clock.nowMs(),
      inForce: this.#inForce,
      rejected: this.#rejected,
      authority: this.#trust.ca?.view(),
      rotation: this.#rotation.view(),
      revoked: this.#trust.revocations(),
      workers: this.#snapshots.workers(),
      reports: this.#reports,
      links: this.#ledger.merged(),
      processes: this.#processes,
      drift: this.#drift.now,
      findings: this.#findings,
      diagnostics: this.#diagnostics,
    };
  }

  #measure(): void {
    const { metrics } = this.#ports;
    metrics.gauge('cullis_workers_connected').set(this.#connectedCount());
    metrics.gauge('cullis_revocations').set(this.#trust.revocations().length);
    const phase = this.#trust.ca?.rotation?.phase;
    metrics.gauge('cullis_root_rotation_phase').set(phase === undefined ? 0 : ['trust', 'renew', 'distrust'].indexOf(phase) + 1);
    for (const process of this.#processes) {
      metrics
        .gauge('cullis_workload_up', process.workload)
        .set(process.state === 'ready' || process.state === 'external' ? 1 : 0);
      metrics.gauge('cullis_workload_restarts', process.workload).set(process.restarts);
    }
  }

  exposition(): string {
    const workers = this.#snapshots.workers().filter((worker) => worker.connected);
    const texts = workers.flatMap(({ name }) => {
      const known = this.#reports.get(name);
      return known ? [{ worker: name, text: known.report.metrics }] : [];
    });
    return mergeExposition([
      { worker: 'control', text: this.#ports.metrics.render() },
      { worker: '', text: renderLinks(this.#ledger.merged()) },
      ...texts,
    ]);
  }

  #connectedCount(): number {
    return this.#snapshots.workers().filter((worker) => worker.connected).length;
  }

  #say(action: ConfigEvent['action'], version: string, detail: string): Promise<void> {
    const { journal, clock } = this.#ports;
    return journal.emitDurably({
      type: 'config',
      id: this.#nextId(),
      timeMs: clock.nowMs(),
      node: 'control',
      action,
      version,
      detail,
    });
  }
}

function isSettled({ ready, workers, workloads, revoked }: StatusResponse, sinceMs: number): boolean {
  if (!ready || workers.some((worker) => worker.connected && worker.lastReportMs <= sinceMs)) return false;
  // Who is revoked has none, and gets none.
  const without = new Set(revoked.filter(({ kind }) => kind === 'identity').map(({ subject }) => subject));
  return workloads.every(
    ({ ports, certificate, identity }) => ports.length === 0 || certificate !== null || without.has(identity),
  );
}

function identitiesIn(plan: NodePlan): readonly string[] {
  return [...plan.workloads, ...plan.gateways].map(({ identity }) => identity);
}

/** What no worker should be asked to try. */
function faultOf(plan: NodePlan): string | undefined {
  if (!/^[0-9a-f]{64}$/.test(plan.version)) return 'the plan has no version';
  const prefix = `spiffe://${plan.mesh.trustDomain}/`;
  const foreign = identitiesIn(plan).find((identity) => !identity.startsWith(prefix));
  if (foreign !== undefined) return `the identity \`${foreign}\` is not of the trust domain \`${plan.mesh.trustDomain}\``;
  return undefined;
}
