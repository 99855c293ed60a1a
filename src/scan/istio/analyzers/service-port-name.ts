import { memberOf, numberAt, textAt } from '#base/raw.ts';
import type { Resource } from '#model/resource.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { protocolOf } from '../port-protocol.ts';

export const SERVICE_PORT_NAME_ANALYZER = {
  id: 'istio.service-port-name',
  analyzer: 'service.PortNameAnalyzer',
  name: 'port whose protocol Istio has to guess',
  severity: 'info',
  cwe: [436],
  why: 'What Istio cannot tell it guesses from the first bytes. A caller who sends bytes that do not look like HTTP gets the connection treated as TCP, where HTTP rules do not hold.',
  help: 'set `appProtocol`, or begin the name with the protocol',
  references: [messageUrl('PortNameIsNotUnderNamingConvention'), messageUrl('ExternalNameServiceTypeInvalidPortName')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const service of mesh.services) {
      if (isOfPlatform(mesh, service)) continue;
      const external = textAt(service.spec, 'type') === 'ExternalName';
      for (const { raw, path } of itemsAt(service.spec, 'ports', ['spec'])) {
        const protocol = protocolOf(raw);
        const name = textAt(raw, 'name') ?? '';
        const port = numberAt(raw, 'port') ?? 0;
        const at = { resource: service, path: memberOf(raw, 'name') === undefined ? path : [...path, 'name'] };
        if (external && (protocol === undefined || protocol === 'tcp')) {
          yield {
            code: 'ExternalNameServiceTypeInvalidPortName',
            at,
            title: `port ${port} of external Service \`${service.metadata.name}\` is treated as TCP, and takes in traffic that is not meant for it`,
            detail: String(port),
            fix: { text: 'say what flows there', yaml: `name: https${name === '' ? '' : `-${name}`}\nport: ${port}\n` },
          };
        } else if (!external && protocol === undefined) {
          yield {
            code: 'PortNameIsNotUnderNamingConvention',
            at,
            title: name === '' ? `port ${port} has no name` : `port name \`${name}\` does not begin with a protocol`,
            detail: String(port),
            fix: { text: 'say what flows there', yaml: `port: ${port}\nappProtocol: http\n` },
          };
        }
      }
    }
  },
} satisfies MeshAnalyzer;

/** Services of Kubernetes and of Istio itself. */
function isOfPlatform(mesh: MeshIndex, { metadata }: Resource): boolean {
  const { labels, namespace } = metadata;
  if (/^kube-(?:system|public|node-lease)$/.test(namespace)) return true;
  if (labels['gateway.istio.io/managed'] !== undefined) return true;
  return namespace === mesh.rootNamespace && (labels['istio'] !== undefined || labels['release'] === 'istio');
}
