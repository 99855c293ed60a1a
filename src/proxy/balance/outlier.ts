// Outlier detection: an endpoint that fails again and again gets no requests for a while (Envoy, "Outlier detection").
import type { OutlierPlan } from '#plan/traffic.ts';
import type { Host } from './host.ts';

/** An endpoint that could not be reached is passed over this long while there are others, whatever is configured. */
const UNREACHABLE_MS = 2000;
/** Envoy's max_ejection_time, unless the base time is longer. */
const EJECTION_MS_MAX = 300_000;

/** How a try ended: an HTTP status, or that no answer came from the endpoint itself. */
export type Outcome = number | 'connect' | 'timeout' | 'reset' | 'protocol';

export interface Ejection {
  readonly host: Host;
  readonly reason: 'consecutive-5xx' | 'consecutive-gateway-errors' | 'consecutive-local-failures';
  readonly forMs: number;
}

/** Takes an outcome in. @param hosts all of the destination @returns what must be told */
export function observe(
  host: Host,
  outcome: Outcome,
  plan: OutlierPlan | undefined,
  hosts: Iterable<Host>,
  nowMs: number,
): Ejection | undefined {
  if (!plan) {
    if (outcome === 'connect') host.ejectedUntilMs = nowMs + UNREACHABLE_MS;
    return undefined;
  }
  const reason = count(host, outcome, plan);
  if (reason === undefined || host.ejectedUntilMs > nowMs) return undefined;
  if (!mayEject(hosts, plan, nowMs)) return undefined;
  forget(host);
  // Every interval without trouble takes back one of the former ejections.
  const quiet = host.restoredMs === 0 ? 0 : Math.floor((nowMs - host.restoredMs) / plan.intervalMs);
  host.ejections = Math.max(0, host.ejections - quiet) + 1;
  const forMs = Math.min(plan.baseEjectionMs * host.ejections, Math.max(EJECTION_MS_MAX, plan.baseEjectionMs));
  host.ejectedUntilMs = nowMs + forMs;
  return { host, reason, forMs };
}

function count(host: Host, outcome: Outcome, plan: OutlierPlan): Ejection['reason'] | undefined {
  const local = typeof outcome !== 'number';
  if (local && plan.split) {
    host.consecutiveLocal++;
    return reached(host.consecutiveLocal, plan.consecutiveLocal) ? 'consecutive-local-failures' : undefined;
  }
  if (!local) host.consecutiveLocal = 0;
  // A failure to get an answer counts as the gateway's own 502, 503 or 504.
  const gateway = local || (outcome >= 502 && outcome <= 504);
  const serverError = local || outcome >= 500;
  host.consecutive5xx = serverError ? host.consecutive5xx + 1 : 0;
  host.consecutiveGateway = gateway ? host.consecutiveGateway + 1 : 0;
  if (reached(host.consecutive5xx, plan.consecutive5xx)) return 'consecutive-5xx';
  return reached(host.consecutiveGateway, plan.consecutiveGateway) ? 'consecutive-gateway-errors' : undefined;
}

const reached = (seen: number, wanted: number): boolean => wanted > 0 && seen >= wanted;

export function forget(host: Host): void {
  host.consecutive5xx = host.consecutiveGateway = host.consecutiveLocal = 0;
}

/** At most the given share of a destination is out at a time, but always one (Envoy's rule that small destinations rely on). */
function mayEject(hosts: Iterable<Host>, plan: OutlierPlan, nowMs: number): boolean {
  let all = 0;
  let out = 0;
  for (const { ejectedUntilMs } of hosts) {
    all++;
    if (ejectedUntilMs > nowMs) out++;
  }
  if (plan.maxEjectionPercent === 0) return false;
  return out === 0 || ((out + 1) * 100) / all <= plan.maxEjectionPercent;
}
