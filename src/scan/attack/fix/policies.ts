// Policies that let through what is declared, and nothing else.
import type { Workload } from '#model/system.ts';
import { memberOf, objectAt, recordAt } from '#base/raw.ts';
import type { RequiredFlow } from '../model.ts';

type WorkloadsById = ReadonlyMap<string, Workload>;
type Labels = Readonly<Record<string, string>>;

/** Labels that single out a workload's pods: its own selector's, else those of the template that do not change with every rollout. */
export function ownLabels(workload: Workload): Labels {
  const selector = recordAt(objectAt(workload.resource.spec, 'selector'), 'matchLabels');
  const own = Object.keys(selector).length > 0 ? selector : workload.labels;
  const { 'pod-template-hash': _hash, 'controller-revision-hash': _revision, version: _version, ...stable } = own;
  return Object.keys(stable).length > 0 ? stable : { ...own };
}

/** Whether a pod's network is the node's: no policy holds it. */
export function onHostNetwork(podSpec: unknown): boolean {
  return memberOf(podSpec, 'hostNetwork') === true;
}

export const MANAGED = { 'app.kubernetes.io/managed-by': 'cullis' } as const;

/** A name that Kubernetes takes, at most 63 characters. */
export function nameFor(workload: Pick<Workload, 'name'>, suffix: string): string {
  return `${workload.name
    .toLowerCase()
    .slice(0, 62 - suffix.length)
    .replace(/[-.]+$/, '')}-${suffix}`;
}

/** Ingress rules for the flows into one workload: callers by label, ports that the world may use from anywhere. */
export function ingressRules(
  workloads: WorkloadsById,
  target: Workload,
  flows: readonly RequiredFlow[],
): readonly Record<string, unknown>[] {
  const ports = Map.groupBy(
    flows.filter(({ to }) => to === target.id),
    ({ transport, port }) => `${transport} ${port}`,
  );
  const rules: Record<string, unknown>[] = [];
  for (const own of ports.values()) {
    const [{ port, transport } = { port: 0, transport: 'TCP' }] = own;
    const written = [{ protocol: transport, port }];
    if (own.some(({ from }) => from === 'internet')) {
      rules.push({ ports: written });
      continue;
    }
    const from = own.flatMap((flow) => {
      const caller = workloads.get(flow.from);
      return caller ? [peerOf(caller, target)] : [];
    });
    if (from.length > 0) rules.push({ from, ports: written });
  }
  return rules;
}

function peerOf(caller: Workload, target: Workload): Record<string, unknown> {
  return {
    ...(caller.namespace !== target.namespace && {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': caller.namespace } },
    }),
    podSelector: { matchLabels: { ...ownLabels(caller) } },
  };
}

/** A NetworkPolicy that holds `target` to its declared callers. */
export function networkPolicy(
  workloads: WorkloadsById,
  target: Workload,
  flows: readonly RequiredFlow[],
): Record<string, unknown> {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: nameFor(target, 'callers'), namespace: target.namespace, labels: { ...MANAGED } },
    spec: {
      podSelector: { matchLabels: { ...ownLabels(target) } },
      policyTypes: ['Ingress'],
      ingress: ingressRules(workloads, target, flows),
    },
  };
}

/**
 * An AuthorizationPolicy that refuses everybody but the declared callers. DENY comes before every ALLOW (Istio, Authorization Policy), so what other policies
 * allow does not matter; without a proved identity a caller matches `notPrincipals`, so plaintext is refused as well.
 * @param ports of the pod that it speaks of
 */
export function denyPolicy(
  workloads: WorkloadsById,
  target: Workload,
  flows: readonly RequiredFlow[],
  ports: readonly number[],
): Record<string, unknown> {
  const callers = flows
    .filter(({ to, from }) => to === target.id && from !== 'internet')
    .flatMap(({ from }) => workloads.get(from) ?? []);
  const principals = [...new Set(callers.map(({ identity }) => identity.replace(/^spiffe:\/\//, '')))].sort();
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: nameFor(target, 'callers'), namespace: target.namespace, labels: { ...MANAGED } },
    spec: {
      selector: { matchLabels: { ...ownLabels(target) } },
      action: 'DENY',
      rules: [
        {
          ...(principals.length > 0 && { from: [{ source: { notPrincipals: principals } }] }),
          to: [{ operation: { ports: ports.map(String) } }],
        },
      ],
    },
  };
}

/** Pods of a namespace, or of one workload, reach everything as before but the address that gives a machine's credentials. */
export function metadataPolicy(namespace: string, name: string, podSelector: Record<string, unknown>): Record<string, unknown> {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, labels: { ...MANAGED } },
    spec: {
      podSelector,
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            { namespaceSelector: {} },
            { ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.169.254/32'] } },
            { ipBlock: { cidr: '::/0' } },
          ],
        },
      ],
    },
  };
}
