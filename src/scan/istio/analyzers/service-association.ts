// One deployment behind several Services that disagree about its ports.
import type { Resource } from '#model/resource.ts';
import { memberOf, numberAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { isInjected } from '../injection.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';
import { protocolOf } from '../port-protocol.ts';

interface PortRow {
  readonly service: Resource;
  readonly port: number;
  readonly target: string;
  readonly protocol: string;
}

export const SERVICE_ASSOCIATION_ANALYZER = {
  id: 'istio.service-association',
  analyzer: 'deployment.ServiceAssociationAnalyzer',
  name: 'Services disagree about the ports of one deployment',
  severity: 'low',
  cwe: [436],
  why: 'The sidecar makes one listener a port. Where two Services call the port by different protocols or numbers, one of them decides, and HTTP rules of a policy may not be looked at.',
  help: 'let the Services agree, or give them ports of their own',
  references: [messageUrl('DeploymentAssociatedToMultipleServices'), messageUrl('DeploymentConflictingPorts')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const pod of mesh.pods) {
      if (pod.resource.kind !== 'Deployment' || pod.resource.metadata.labels['gateway.istio.io/managed'] !== undefined) continue;
      if (!isInjected(mesh, pod)) continue;
      const rows = rowsOf(mesh, pod);
      yield* severalProtocols(pod, rows);
      yield* severalPorts(pod, rows);
    }
  },
} satisfies MeshAnalyzer;

function rowsOf(mesh: MeshIndex, pod: PodView): readonly PortRow[] {
  return mesh.servicesOf(pod).flatMap((service) =>
    itemsAt(service.spec, 'ports', ['spec']).flatMap(({ raw }): PortRow[] => {
      const port = numberAt(raw, 'port');
      if (port === undefined || textAt(raw, 'protocol') === 'UDP') return [];
      const target = memberOf(raw, 'targetPort');
      const aim = typeof target === 'number' || typeof target === 'string' ? String(target) : String(port);
      return [{ service, port, target: aim, protocol: protocolOf(raw) ?? textAt(raw, 'protocol') ?? '' }];
    }),
  );
}

function* severalProtocols({ resource, name }: PodView, rows: readonly PortRow[]): Generator<MeshHit> {
  for (const [port, group] of Map.groupBy(rows, (row) => row.port)) {
    const protocols = [...new Set(group.map(({ protocol }) => protocol))];
    if (protocols.length < 2 || namesOf(group).length < 2) continue;
    yield {
      code: 'DeploymentAssociatedToMultipleServices',
      at: { resource },
      title: `Services ${list(namesOf(group))} call port ${port} of \`${name}\` by different protocols: ${protocols.join(', ')}`,
      detail: `protocol ${port}`,
    };
  }
}

function* severalPorts({ resource, name }: PodView, rows: readonly PortRow[]): Generator<MeshHit> {
  for (const [target, group] of Map.groupBy(rows, (row) => row.target)) {
    const ports = [...new Set(group.map(({ port }) => port))];
    // One Service may have two ports for one target.
    if (ports.length < 2 || namesOf(group).length < 2) continue;
    yield {
      code: 'DeploymentConflictingPorts',
      at: { resource },
      title: `Services ${list(namesOf(group))} lead to port ${target} of \`${name}\` from different ports: ${ports.join(', ')}`,
      detail: `target ${target}`,
    };
  }
}

function namesOf(rows: readonly PortRow[]): readonly string[] {
  return [...new Set(rows.map(({ service }) => service.metadata.name))];
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
