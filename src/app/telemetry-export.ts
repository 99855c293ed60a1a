// The exporter of the control process: started, replaced and ended with what the configuration in force says about a collector.
import { isAbsolute, join } from 'node:path';
import type { System } from '#model/system.ts';
import type { PlatformTelemetry } from '#model/telemetry.ts';
import type { NodePlan } from '#plan/plan.ts';
import { type Exporter, type ExporterPorts, startExporter } from '#telemetry/otlp/exporter.ts';
import { telemetryFromEnv } from '#telemetry/otlp/settings.ts';

const REPLACE_GRACE_MS = 2000;

type ExportPorts = Omit<ExporterPorts, 'otlp' | 'accessLog' | 'noAccessLogs' | 'path'> & {
  /** Folder that relative files are in. */
  readonly cwd: string;
};

export class TelemetryExport {
  readonly #ports: ExportPorts;
  readonly #fromEnv: Partial<PlatformTelemetry>;
  #exporter: Exporter | undefined;
  #settings = '';
  #logged: ReadonlySet<string> = new Set();

  constructor(ports: ExportPorts) {
    this.#ports = ports;
    const { telemetry, remarks } = telemetryFromEnv(ports.env);
    this.#fromEnv = telemetry;
    for (const remark of remarks) ports.log.warn({ remark }, 'a variable for telemetry is not honoured');
  }

  /** The System with the collector that the environment names, where the manifests name none. */
  completed(system: System): System {
    const { telemetry } = system.platform;
    if (telemetry.otlp || !this.#fromEnv.otlp) return system;
    return {
      ...system,
      platform: { ...system.platform, telemetry: { ...this.#fromEnv, ...telemetry, otlp: this.#fromEnv.otlp } },
    };
  }

  /** Takes what is in force now. What the exporter before still holds is sent while the new one begins. */
  use({ platform }: System, plan: NodePlan): void {
    const { otlp } = platform.telemetry;
    this.#logged = loggedIn(plan);
    const settings = otlp ? JSON.stringify([otlp, this.#logged.size === 0]) : '';
    if (settings === this.#settings) return;
    this.#settings = settings;
    void this.#exporter?.close(REPLACE_GRACE_MS);
    this.#exporter = otlp
      ? startExporter({
          ...this.#ports,
          otlp,
          path: (file) => (isAbsolute(file) ? file : join(this.#ports.cwd, file)),
          accessLog: (workload, role) => this.#logged.has(`${workload} ${role}`),
          noAccessLogs: this.#logged.size === 0,
        })
      : undefined;
  }

  async close(graceMs: number): Promise<void> {
    await this.#exporter?.close(graceMs);
  }
}

/** Workloads and gateways, with the role, whose requests are told even when all went well. */
function loggedIn({ workloads, gateways }: NodePlan): Set<string> {
  const logged = new Set<string>();
  for (const { id, telemetryIn, telemetryOut } of workloads) {
    if (telemetryIn?.accessLog) logged.add(`${id} sidecar-in`);
    if (telemetryOut?.accessLog) logged.add(`${id} sidecar-out`);
  }
  for (const { id, telemetry } of gateways) if (telemetry?.accessLog) logged.add(`${id} gateway`);
  return logged;
}
