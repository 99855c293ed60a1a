// What the API answers about the present, put together from the plan, the workers' reports and the process table.
import type { IdentitiesResponse, ServicesResponse, StatusResponse, WorkloadStatus } from '#api/control.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Finding } from '#model/finding.ts';
import { labelsMatch } from '#model/resource.ts';
import type { LinkStats, WorkerReport } from '#model/snapshot.ts';
import type { System } from '#model/system.ts';
import { workloadOf } from '#model/observed.ts';
import type { NodePlan } from '#plan/plan.ts';
import { type Drift, versionOf } from '#plan/versions.ts';
import type { AuthorityView, Issued } from './ca.ts';
import type { WorkerView } from './snapshots.ts';

/** How a workload's processes are doing; told by whoever runs them. */
export interface ProcessView {
  /** Replica id: the workload's for the first. */
  readonly workload: string;
  readonly pid: number | null;
  readonly state: WorkloadStatus['state'];
  readonly restarts: number;
  /** What the manifests called it when it was started. */
  readonly version?: string;
}

export interface InForce {
  readonly system: System;
  readonly plan: NodePlan;
  readonly appliedMs: number;
}

export interface StatusSources {
  readonly version: string;
  readonly isolation: 'none' | 'namespaces';
  readonly startedMs: number;
  readonly nowMs: number;
  readonly inForce: InForce | undefined;
  readonly rejected: StatusResponse['rejected'];
  readonly authority: AuthorityView | undefined;
  readonly rotation: StatusResponse['rotation'];
  readonly revoked: StatusResponse['revoked'];
  readonly workers: readonly WorkerView[];
  readonly reports: ReadonlyMap<string, { readonly report: WorkerReport; readonly atMs: number }>;
  readonly links: readonly LinkStats[];
  readonly processes: readonly ProcessView[];
  readonly drift: readonly Drift[];
  readonly findings: readonly Finding[];
  readonly diagnostics: readonly Diagnostic[];
}

export function buildStatus(sources: StatusSources): StatusResponse {
  const { inForce, workers, reports, links } = sources;
  const plan = inForce?.plan;
  const version = plan?.version ?? '';
  const connected = workers.filter((worker) => worker.connected);
  const mesh = inForce?.system.mesh;
  const totals = { requests: 0, denied: 0, failed: 0 };
  for (const link of links) {
    totals.requests += link.requests;
    totals.denied += link.denied;
    totals.failed += link.failed;
  }
  return {
    version: sources.version,
    uptimeMs: sources.nowMs - sources.startedMs,
    timeMs: sources.nowMs,
    isolation: sources.isolation,
    ready: version !== '' && connected.length > 0 && connected.every((worker) => worker.version === version),
    snapshotVersion: version,
    appliedMs: inForce?.appliedMs ?? null,
    rejected: sources.rejected,
    mesh: {
      trustDomain: mesh?.trustDomain ?? '',
      rootNamespace: mesh?.rootNamespace ?? '',
      clusterDomain: mesh?.clusterDomain ?? '',
      pathNormalization: mesh?.pathNormalization ?? '',
    },
    authority: sources.authority ?? null,
    rotation: sources.rotation,
    revoked: sources.revoked,
    workloads: inForce ? workloadStatuses(inForce, sources) : [],
    links,
    gateways: (plan?.gateways ?? []).flatMap((gateway) =>
      gateway.listeners.map((listener) => ({
        id: listener.id,
        url: `${listener.streams ? (listener.tls ? 'tls' : 'tcp') : listener.tls ? 'https' : 'http'}://${listener.listen.ip.includes(':') ? `[${listener.listen.ip}]` : listener.listen.ip}:${listener.listen.port}`,
      })),
    ),
    drift: sources.drift,
    findings: sources.findings,
    diagnostics: sources.diagnostics,
    resources: plan?.status ?? [],
    closed: plan?.closed ?? [],
    workers: workers.map((worker) => {
      const known = reports.get(worker.name);
      return {
        name: worker.name,
        pid: worker.pid,
        connected: worker.connected,
        snapshotVersion: worker.version,
        trustVersion: worker.trustVersion,
        rssBytes: known?.report.rssBytes ?? 0,
        lastReportMs: known?.atMs ?? 0,
      };
    }),
    totals,
  };
}

/** Certificates in use by identity, as the workers report them; of several workers, the one that ends first, since that is the one to watch. */
function certificatesInUse(
  sources: Pick<StatusSources, 'reports' | 'workers'>,
): Map<string, { serial: string; notAfterMs: number; worker: string }> {
  const inUse = new Map<string, { serial: string; notAfterMs: number; worker: string }>();
  for (const { name, connected } of sources.workers) {
    if (!connected) continue;
    for (const { identity, serial, notAfterMs } of sources.reports.get(name)?.report.certificates ?? []) {
      const have = inUse.get(identity);
      if (!have || notAfterMs < have.notAfterMs) inUse.set(identity, { serial, notAfterMs, worker: name });
    }
  }
  return inUse;
}

function workloadStatuses({ system, plan }: InForce, sources: StatusSources): WorkloadStatus[] {
  const planned = new Map(plan.workloads.map((workload) => [workload.id, workload]));
  const processes = new Map(sources.processes.map((process) => [process.workload, process]));
  const copies = Map.groupBy(sources.processes, ({ workload }) => workloadOf(workload));
  const inUse = certificatesInUse(sources);
  const external = new Set(
    system.runs.filter((run) => run.spec.address !== undefined).map((run) => `${run.metadata.namespace}/${run.spec.workload}`),
  );
  return system.workloads.map((workload) => {
    const process = processes.get(workload.id);
    const certificate = inUse.get(workload.identity);
    return {
      id: workload.id,
      identity: workload.identity,
      state: process?.state ?? (external.has(workload.id) ? 'external' : 'declared'),
      pid: process?.pid ?? null,
      restarts: process?.restarts ?? 0,
      certificate: certificate ? { serial: certificate.serial, notAfterMs: certificate.notAfterMs } : null,
      version: versionOf(workload),
      replicas: (copies.get(workload.id) ?? []).map((one) => ({
        id: one.workload,
        state: one.state,
        pid: one.pid,
        restarts: one.restarts,
        version: one.version ?? '',
      })),
      ports: portsOf(planned.get(workload.id)),
    };
  });
}

/** Each once, however many copies listen. */
function portsOf(plan: NodePlan['workloads'][number] | undefined): WorkloadStatus['ports'] {
  const ports = new Map((plan?.inbound ?? []).map(({ port, protocol, mtls }) => [port, { port, protocol, mtls }]));
  return [...ports.values()];
}

export function buildServices(system: System | undefined): ServicesResponse {
  return {
    services: (system?.services ?? []).map((service) => ({
      id: service.id,
      host: service.host,
      ports: service.ports.map(({ name, port, protocol }) => ({ name, port, protocol })),
      workloads: service.selector
        ? system!.workloads
            .filter((workload) => workload.namespace === service.namespace && labelsMatch(service.selector!, workload.labels))
            .map((workload) => workload.id)
        : [],
    })),
  };
}

export function buildIdentities(
  sources: Pick<StatusSources, 'inForce' | 'reports' | 'workers'>,
  latest: (identity: string) => Issued | undefined,
  rootPem: readonly string[],
): IdentitiesResponse {
  const users = new Map<string, string[]>();
  for (const { identity, id } of [...(sources.inForce?.plan.workloads ?? []), ...(sources.inForce?.plan.gateways ?? [])]) {
    users.set(identity, [...(users.get(identity) ?? []), id]);
  }
  const inUse = certificatesInUse(sources);
  const identities = [...users.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([identity, workloads]) => {
      const certificate = inUse.get(identity);
      const issued = latest(identity);
      return {
        identity,
        workloads,
        certificate: certificate ? { serial: certificate.serial, notAfterMs: certificate.notAfterMs } : null,
        issuedMs: issued?.issuedMs ?? null,
        worker: certificate?.worker ?? issued?.worker ?? '',
      };
    });
  return { identities, rootPem };
}
