// What would become of Gateways and routes, without opening anything: for `cullis check`.
import type { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import type { System } from '#model/system.ts';
import { buildPlan } from '#plan/build.ts';
import type { ResourceStatus } from '#plan/plan.ts';
import { resolveTls } from './serving-certificates.ts';

/** Conditions as they would be if every listener had its own port here. @param tlsValues of the same reading */
export function gatewayConditions(system: System, tlsValues: TlsValues, nowMs: number): readonly ResourceStatus[] {
  if (system.gateways.length === 0) return [];
  const gateways = Object.fromEntries(
    system.gateways.flatMap(({ metadata, spec }) =>
      spec.listeners.map(({ name, port }) => [`${metadata.namespace}/${metadata.name}/${name}`, { ip: '0.0.0.0', port }]),
    ),
  );
  const tls = resolveTls(system, tlsValues, nowMs).material;
  return buildPlan(system, { placements: {}, gateways, isolation: 'none', tls }).status ?? [];
}
