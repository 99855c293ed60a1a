// How much of a workload's traffic is traced and logged: the Platform's word, then Istio Telemetry from mesh over namespace to workload.
import { labelsMatch } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { CustomTag, Telemetry, WorkloadMode } from '#model/telemetry.ts';
import { type PolicyPoint, isInForce } from './select.ts';
import type { TelemetryPlan } from './telemetry-plan.ts';

const PERCENT_DEFAULT = 1;

/**
 * What is in force at a point for calls it receives (SERVER) or makes (CLIENT; a gateway counts as one, as in Istio). Of each scope the first
 * Telemetry counts, and a member that a narrower scope leaves out comes from the wider one.
 */
export function telemetryFor(
  system: Pick<System, 'mesh' | 'platform' | 'telemetries'>,
  point: PolicyPoint,
  mode: Exclude<WorkloadMode, 'CLIENT_AND_SERVER'>,
): TelemetryPlan | undefined {
  const { otlp, sampling, accessLog } = system.platform.telemetry;
  if (!otlp) return undefined;
  let percent = sampling ?? PERCENT_DEFAULT;
  let floor = sampling === undefined;
  let off = !otlp.signals.includes('traces');
  let tags: Readonly<Record<string, CustomTag>> = {};
  let logs = accessLog === 'all';
  for (const { spec } of scopes(system, point)) {
    for (const one of spec.tracing.filter((each) => fits(each.mode, mode))) {
      if (one.randomSamplingPercentage !== undefined) {
        percent = one.randomSamplingPercentage;
        floor = false;
      }
      if (one.disableSpanReporting !== undefined) off = one.disableSpanReporting || !otlp.signals.includes('traces');
      if (one.customTags) tags = one.customTags;
    }
    for (const one of spec.accessLogging.filter((each) => fits(each.mode, mode))) logs = !one.disabled;
  }
  const accessLogs = logs && otlp.signals.includes('logs');
  if (off && !accessLogs) return undefined;
  return { ...(!off && { tracing: { percent, floor, tags } }), ...(accessLogs && { accessLog: true }) };
}

function fits(mode: WorkloadMode, wanted: WorkloadMode): boolean {
  return mode === 'CLIENT_AND_SERVER' || mode === wanted;
}

/** From the widest to the narrowest. */
function scopes({ mesh, telemetries }: Pick<System, 'mesh' | 'telemetries'>, point: PolicyPoint): Telemetry[] {
  const root = mesh.rootNamespace;
  let whole: Telemetry | undefined;
  let namespace: Telemetry | undefined;
  let own: Telemetry | undefined;
  for (const one of telemetries) {
    const home = one.metadata.namespace;
    const { selector, targetRefs = [] } = one.spec;
    if (targetRefs.length > 0) {
      if (isInForce(one, point, root)) own ??= one;
    } else if (home === root && selector === undefined) whole ??= one;
    else if (home === point.namespace && selector === undefined) namespace ??= one;
    else if (home === point.namespace && selector && labelsMatch(selector.matchLabels, point.labels)) own ??= one;
  }
  return [whole, namespace, own].filter((one) => one !== undefined);
}
