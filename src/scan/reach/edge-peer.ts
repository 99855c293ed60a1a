// Who sends packets that come in through the edge, as a peer of a NetworkPolicy.
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { ingressSettings } from '#plan/ingress.ts';
import { controllersOf, gatewayProxies } from './exposures/proxies.ts';
import { INTERNET } from './face.ts';
import type { WantedFlow } from './flows.ts';
import { knownRanges } from './places.ts';
import { podSelectorOf } from './pod-selector.ts';
import { recordAt } from '#base/raw.ts';

type RawPeer = Readonly<Record<string, unknown>>;
const NAME = 'kubernetes.io/metadata.name';

/** Where each controller's own manifests and charts put it, and the label that they give its pods. */
const HOMES: Readonly<Record<string, { readonly namespace: string; readonly label: string }>> = {
  nginx: { namespace: 'ingress-nginx', label: 'ingress-nginx' },
  'nginx-org': { namespace: 'nginx-ingress', label: 'nginx-ingress' },
  traefik: { namespace: 'traefik', label: 'traefik' },
  haproxy: { namespace: 'haproxy-controller', label: 'kubernetes-ingress' },
  'haproxy-ingress': { namespace: 'ingress-controller', label: 'haproxy-ingress' },
};

/** Peers that a flow from outside arrives from. A range, or the internet without an exposure, is what it says. */
export function edgePeer(system: System, { from, exposure }: WantedFlow, home: string, notes: string[]): readonly RawPeer[] {
  if (exposure?.through === 'ingress' || exposure?.through === 'gateway') {
    const proxies = proxyPeers(system, exposure.by, home, notes);
    if (proxies.length > 0) return proxies;
  }
  const sources = exposure && exposure.sources.length > 0 ? exposure.sources : from === INTERNET ? ['0.0.0.0/0', '::/0'] : [from];
  return sources.map((source) => {
    const cidr = source.includes('/') ? source : `${source}/${source.includes(':') ? 128 : 32}`;
    return { ipBlock: cidr.endsWith('/0') ? withoutPods(system, cidr, notes) : { cidr } };
  });
}

/** The outside is not the inside: pods' own ranges are taken out where the System says them. */
function withoutPods(system: System, cidr: string, notes: string[]): RawPeer {
  const v6 = cidr.includes(':');
  const except = knownRanges(system).flatMap((range) =>
    range.of === 'pods' && range.cidr.includes(':') === v6 ? [range.cidr] : [],
  );
  if (except.length === 0 && !v6)
    notes.push(`\`${cidr}\` takes in the pods of the cluster too: no range of theirs is in the System that could be taken out`);
  return except.length > 0 ? { cidr, except: [...new Set(except)] } : { cidr };
}

/** Proxies of the System that send what comes in through an Ingress or a Gateway. */
export function edgeProxies(system: System, { exposure }: WantedFlow): readonly Workload[] {
  const [edge] = exposure?.through === 'ingress' || exposure?.through === 'gateway' ? exposure.by : [];
  if (!edge) return [];
  if (edge.apiVersion.startsWith('networking.istio.io/')) return gatewayProxies(system, recordAt(edge.spec, 'selector'));
  if (edge.kind === 'IngressRoute') return controllersOf(system, ['traefik']);
  return edge.kind === 'Ingress' ? controllersOf(system, ingressSettings(edge, system.resources).controllers) : [];
}

function proxyPeers(system: System, by: readonly Resource[], home: string, notes: string[]): readonly RawPeer[] {
  const [edge] = by;
  if (!edge) return [];
  const group = edge.apiVersion.split('/')[0];
  if (edge.kind === 'Gateway' && group === 'gateway.networking.k8s.io') {
    const labels = { 'gateway.networking.k8s.io/gateway-name': edge.metadata.name };
    return [peer(edge.metadata.namespace, labels, home)];
  }
  if (edge.kind === 'Gateway') {
    const selector = recordAt(edge.spec, 'selector');
    const proxies = gatewayProxies(system, selector);
    if (proxies.length > 0) return proxies.map((proxy) => workload(system, proxy, home, notes));
    notes.push(
      `the proxy of Gateway ${edge.metadata.name} is not in the System: taken to run in \`${system.mesh.rootNamespace}\``,
    );
    return [peer(system.mesh.rootNamespace, { ...selector }, home)];
  }
  const settings = edge.kind === 'Ingress' ? ingressSettings(edge, system.resources) : undefined;
  if (group === 'route.openshift.io') {
    return [{ namespaceSelector: { matchLabels: { 'policy-group.network.openshift.io/ingress': '' } } }];
  }
  const served = edge.kind === 'IngressRoute' ? (['traefik'] as const) : (settings?.controllers ?? []);
  const known = controllersOf(system, served);
  if (known.length > 0) return known.map((proxy) => workload(system, proxy, home, notes));
  const name = served[0] ?? 'nginx';
  // Balancers of a cloud reach pods from addresses of its network.
  if (name === 'alb' || name === 'gce') return [];
  const place = HOMES[name] ?? HOMES['nginx']!;
  notes.push(`the ingress controller is not in the System: taken to be ${place.label} in namespace \`${place.namespace}\``);
  return [peer(place.namespace, { 'app.kubernetes.io/name': place.label }, home)];
}

function workload(system: System, proxy: Workload, home: string, notes: string[]): RawPeer {
  return peer(proxy.namespace, podSelectorOf(system, proxy, notes), home);
}

function peer(namespace: string, matchLabels: Readonly<Record<string, string>>, home: string): RawPeer {
  if (namespace === home) return { podSelector: { matchLabels } };
  return { namespaceSelector: { matchLabels: { [NAME]: namespace } }, podSelector: { matchLabels } };
}
