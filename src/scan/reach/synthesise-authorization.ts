// AuthorizationPolicies for wanted flows: nothing by default, and for each workload in a mesh who may call which of its ports.
import type { System, Workload } from '#model/system.ts';
import { buildGateways } from '#plan/gateways.ts';
import type { WantedFlow } from './flows.ts';
import type { Memberships } from './membership.ts';
import { gatewayProxies } from './exposures/proxies.ts';
import { podSelectorOf } from './pod-selector.ts';
import { recordAt } from '#base/raw.ts';

const DEFAULT_DENY = 'default-deny';
const SPIFFE = 'spiffe://';

interface Callers {
  readonly principals: Set<string>;
  /** Somebody who proves no identity may call. */
  anyone: boolean;
}

/** @param flows those to workloads */
export function synthesiseAuthorization(
  system: System,
  memberships: Memberships,
  flows: readonly WantedFlow[],
  notes: string[],
): readonly unknown[] {
  const byId = new Map(system.workloads.map((workload) => [workload.id, workload]));
  const targets = new Map<string, Map<number, Callers>>();
  for (const flow of flows) {
    const target = byId.get(flow.to)!;
    if (memberships.of(target).kind === 'none' || (flow.transport ?? 'TCP') !== 'TCP') continue;
    const ports = targets.get(target.id) ?? new Map<number, Callers>();
    targets.set(target.id, ports);
    const callers = ports.get(flow.port) ?? { principals: new Set(), anyone: false };
    ports.set(flow.port, callers);
    const identities = identitiesOf(system, memberships, flow, byId.get(flow.from));
    for (const identity of identities) callers.principals.add(identity.replace(SPIFFE, ''));
    if (identities.length === 0) {
      callers.anyone = true;
      notes.push(`${flow.from} proves no identity to ${target.id}: port ${flow.port} stays open to callers without one`);
    }
  }
  tellShared(system, targets, notes);
  const namespaces = new Set([...targets.keys()].map((id) => byId.get(id)!.namespace));
  return [...namespaces].sort().flatMap((namespace) => {
    const own = [...targets].filter(([id]) => byId.get(id)!.namespace === namespace);
    return [
      policy(DEFAULT_DENY, namespace, {}),
      ...gatewaysOf(system, namespace),
      ...own.map(([id, ports]) => {
        const workload = byId.get(id)!;
        const name = id.slice(id.indexOf('/') + 1);
        return policy(name === DEFAULT_DENY ? `${name}-pods` : name, namespace, {
          selector: { matchLabels: podSelectorOf(system, workload, notes) },
          action: 'ALLOW',
          rules: rulesOf(ports),
        });
      }),
    ];
  });
}

/** A namespace's default deny holds its gateways too: those without a policy of their own stay as open as they are. */
function gatewaysOf(system: System, namespace: string): readonly unknown[] {
  const guarded = (name: string): boolean =>
    system.authorizationPolicies.some(
      ({ metadata, spec }) =>
        metadata.namespace === namespace &&
        spec.action === 'ALLOW' &&
        spec.targetRefs?.some((ref) => ref.kind === 'Gateway' && ref.name === name) === true,
    );
  return system.gateways
    .filter(
      ({ metadata, spec }) =>
        metadata.namespace === namespace && spec.gatewayClassName !== 'istio-waypoint' && !guarded(metadata.name),
    )
    .map(({ metadata: { name } }) =>
      policy(`gateway-${name}`, namespace, {
        targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }],
        action: 'ALLOW',
        rules: [{}],
      }),
    );
}

function policy(name: string, namespace: string, spec: unknown): unknown {
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace }, spec };
}

/** Ports with the same callers share a rule. */
function rulesOf(ports: ReadonlyMap<number, Callers>): readonly unknown[] {
  const groups = new Map<string, { callers: Callers; ports: number[] }>();
  for (const [port, callers] of [...ports].sort(([a], [b]) => a - b)) {
    const key = callers.anyone ? '*' : [...callers.principals].sort().join();
    const group = groups.get(key) ?? { callers, ports: [] };
    group.ports.push(port);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ callers, ports: own }) => ({
    ...(!callers.anyone && { from: [{ source: { principals: [...callers.principals].sort() } }] }),
    to: [{ operation: { ports: own.map(String) } }],
  }));
}

/** What proves who calls; empty when nothing does. */
function identitiesOf(system: System, memberships: Memberships, flow: WantedFlow, from: Workload | undefined): readonly string[] {
  if (from) return memberships.of(from).kind === 'none' ? [] : [from.identity];
  const [edge] = flow.exposure?.through === 'gateway' ? flow.exposure.by : [];
  if (!edge) return [];
  if (edge.apiVersion.startsWith('gateway.networking.k8s.io/')) {
    const id = `${edge.metadata.namespace}/${edge.metadata.name}`;
    const plan = buildGateways(system, { placements: {}, gateways: {}, isolation: 'none' }, [], []).find(
      (each) => each.id === id,
    );
    return plan ? [plan.identity] : [];
  }
  const proxies = gatewayProxies(system, recordAt(edge.spec, 'selector'));
  if (proxies.length > 0) return proxies.map(({ identity }) => identity);
  const { trustDomain, rootNamespace } = system.mesh;
  return [`${SPIFFE}${trustDomain}/ns/${rootNamespace}/sa/istio-ingressgateway-service-account`];
}

/** Two workloads with one service account cannot be told apart. */
function tellShared(system: System, targets: ReadonlyMap<string, ReadonlyMap<number, Callers>>, notes: string[]): void {
  const allowed = new Set(
    [...targets.values()].flatMap((ports) => [...ports.values()].flatMap(({ principals }) => [...principals])),
  );
  for (const [identity, workloads] of Map.groupBy(system.workloads, (workload) => workload.identity)) {
    if (workloads.length > 1 && allowed.has(identity.replace(SPIFFE, ''))) {
      notes.push(`${workloads.map(({ id }) => id).join(', ')} share one service account: what one may, all may`);
    }
  }
}
