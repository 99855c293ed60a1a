// How much of a workload's traffic is traced and logged, as part of the plan.
import type { CustomTag } from '#model/telemetry.ts';

/** How one listener's side traces. */
export interface TracingPlan {
  /** Share of traces that begin here, 0 to 100; the caller's own decision holds where the caller is believed. */
  readonly percent: number;
  /** At least one a second is recorded, so that a trace is there to be seen whatever the share. */
  readonly floor: boolean;
  readonly tags: Readonly<Record<string, CustomTag>>;
}

/** One direction; absent members are off. */
export interface TelemetryPlan {
  readonly tracing?: TracingPlan;
  /** Requests that were let through are told to the collector as log records too. */
  readonly accessLog?: true;
}
