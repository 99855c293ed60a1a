// Policies that pick a gateway of the Gateway API by label, where only targetRefs hold for sure.
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import { listAt, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { Budget } from '../budget.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';

const LABEL = 'gateway.networking.k8s.io/gateway-name';
const KINDS = [
  ['security', 'RequestAuthentication'],
  ['security', 'AuthorizationPolicy'],
  ['extensions', 'WasmPlugin'],
  ['telemetry', 'Telemetry'],
] as const;

export const GATEWAY_API_SELECTOR_ANALYZER = {
  id: 'istio.gateway-api-selector',
  analyzer: 'k8sgateway.SelectorAnalyzer',
  name: 'policy picks a gateway by label',
  severity: 'low',
  cwe: [693],
  why: 'A waypoint, and gateways of meshes that say so, pass over policies that only select labels: what they allow or demand is then not in force.',
  help: 'attach the policy by `targetRefs`',
  references: [messageUrl('IneffectiveSelector')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const gateways = gatewaysOf(mesh);
    if (gateways.length === 0) return;
    const budget = new Budget();
    for (const policy of KINDS.flatMap(([area, kind]) => mesh.istio(area, kind))) {
      if (budget.isSpent) return;
      const { spec, metadata } = policy;
      const labels = recordAt(objectAt(spec, 'selector'), 'matchLabels');
      if (Object.keys(labels).length === 0) continue;
      if (memberOf(spec, 'targetRef') !== undefined || listAt(spec, 'targetRefs').length > 0) continue;
      const found = gateways.find(
        (each) =>
          budget.take() &&
          (metadata.namespace === mesh.rootNamespace || each.namespace === metadata.namespace) &&
          labelsMatch(labels, each.labels),
      );
      if (!found) continue;
      yield {
        code: 'IneffectiveSelector',
        ...(found.waypoint && { severity: 'high' }),
        at: { resource: policy, path: ['spec', 'selector'] },
        title: `${policy.kind} \`${metadata.name}\` picks gateway \`${found.name}\` by label${found.waypoint ? ', which a waypoint passes over' : ''}`,
        fix: {
          text: 'name the gateway instead of the labels',
          yaml: `targetRefs:\n  - group: gateway.networking.k8s.io\n    kind: Gateway\n    name: ${found.name}\n`,
        },
      };
    }
  },
} satisfies MeshAnalyzer;

interface GatewayPods {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly waypoint: boolean;
}

/** The pods that run, and those that each Gateway will get. */
function gatewaysOf(mesh: MeshIndex): readonly GatewayPods[] {
  const gateways = mesh.kind('gateway.networking.k8s.io', 'Gateway');
  const isWaypoint = (each: Resource): boolean => (textAt(each.spec, 'gatewayClassName') ?? '').endsWith('-waypoint');
  return [
    ...mesh.pods.flatMap(({ namespace, labels }) => {
      const name = labels[LABEL];
      if (name === undefined) return [];
      const gateway = mesh.named('gateway.networking.k8s.io', 'Gateway', namespace, name);
      return [{ name, namespace, labels, waypoint: gateway !== undefined && isWaypoint(gateway) }];
    }),
    ...gateways.map((each) => {
      const { name, namespace } = each.metadata;
      return { name, namespace, labels: { [LABEL]: name }, waypoint: isWaypoint(each) };
    }),
  ];
}
