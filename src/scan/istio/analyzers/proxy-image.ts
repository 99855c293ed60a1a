// Proxies of another version than the control plane gives today.
import { labelsMatch } from '#model/resource.ts';
import { readYaml } from '#syntax/yaml.ts';
import { memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { INJECTION, injectorValues, isInjected, REVISION } from '../injection.ts';
import { containersOf } from '../mesh-index.ts';
import type { MeshIndex, PodView } from '../mesh-index.ts';

const OVERRIDE = 'sidecar.istio.io/proxyImage';
const CONFIG = 'proxy.istio.io/config';

export const PROXY_IMAGE_ANALYZER = {
  id: 'istio.proxy-image',
  analyzer: 'injection.ImageAnalyzer',
  name: 'proxies of an older version',
  severity: 'low',
  cwe: [1104],
  why: 'A proxy keeps the version it was started with. What was mended since then is not mended there.',
  help: 'restart the workloads, so that they get the proxy of today',
  references: [messageUrl('PodsIstioProxyImageMismatchInNamespace')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const types = imageTypes(mesh);
    for (const [name, resource] of mesh.namespaces) {
      const { labels } = resource.metadata;
      const revision = labels[INJECTION] === 'enabled' ? '' : labels[REVISION];
      if (revision === undefined || labels[INJECTION] === 'disabled') continue;
      const wanted = imageOf(injectorValues(mesh, revision));
      if (wanted === undefined) continue;
      const wrong = mesh.podsIn(name).filter((pod) => pod.real && isInjected(mesh, pod) && differs(mesh, pod, wanted, types));
      if (wrong.length === 0) continue;
      const names = wrong.slice(0, 5).map((pod) => `\`${pod.name}\``);
      yield {
        code: 'PodsIstioProxyImageMismatchInNamespace',
        at: { resource },
        title: `${wrong.length} pod${wrong.length > 1 ? 's' : ''} of namespace \`${name}\` run another proxy than \`${wanted}\`: ${names.join(', ')}`,
      };
    }
  },
} satisfies MeshAnalyzer;

function imageOf(values: unknown): string | undefined {
  const global = objectAt(values, 'global');
  const image = textAt(objectAt(global, 'proxy'), 'image');
  if (image === undefined) return undefined;
  if (image.includes('/')) return image;
  const [hub, tag] = [textAt(global, 'hub'), memberOf(global, 'tag')];
  return hub === undefined || (typeof tag !== 'string' && typeof tag !== 'number') ? undefined : `${hub}/${image}:${tag}`;
}

function differs(mesh: MeshIndex, pod: PodView, image: string, types: readonly ImageType[]): boolean {
  const proxy = containersOf(pod).find(({ name }) => name === 'istio-proxy');
  if (proxy === undefined) return false;
  const wanted = pod.annotations[OVERRIDE] ?? image;
  const type = imageType(mesh, pod, types);
  return proxy.image !== (type === undefined || wanted.endsWith(`-${type}`) ? wanted : `${wanted}-${type}`);
}

interface ImageType {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly type: string;
}

function imageTypes(mesh: MeshIndex): readonly ImageType[] {
  return mesh.istio('networking', 'ProxyConfig').flatMap(({ metadata, spec }) => {
    const type = typeOf(spec);
    if (type === undefined) return [];
    return [{ namespace: metadata.namespace, labels: recordAt(objectAt(spec, 'selector'), 'matchLabels'), type }];
  });
}

/** `distroless` or `debug`: the pod's own word, else of a ProxyConfig for the pod, its namespace, or the mesh. */
function imageType(mesh: MeshIndex, pod: PodView, all: readonly ImageType[]): string | undefined {
  const own = pod.annotations[CONFIG];
  const parsed = own === undefined ? undefined : readYaml(CONFIG, own.slice(0, 100_000)).documents[0]?.value;
  const among = (namespace: string, selected: boolean): string | undefined =>
    all.find(
      (each) =>
        each.namespace === namespace && Object.keys(each.labels).length > 0 === selected && labelsMatch(each.labels, pod.labels),
    )?.type;
  const said = typeOf(parsed) ?? among(pod.namespace, true) ?? among(pod.namespace, false) ?? among(mesh.rootNamespace, false);
  return said === '' || said === 'default' ? undefined : said;
}

function typeOf(config: unknown): string | undefined {
  return textAt(objectAt(config, 'image'), 'imageType');
}
