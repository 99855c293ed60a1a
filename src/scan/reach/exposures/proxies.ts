// Proxies at the edge that run in the System: ingress controllers and gateways, and whether they themselves are open to the outside.
import { labelsMatch } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import type { IngressController } from '#plan/ingress-settings.ts';
import { servicesOf } from '#plan/services.ts';
import type { ExposureDraft } from './drafts.ts';

/** How a controller's pods are told: by the name of an image or a label that its charts and manifests give. */
const CONTROLLERS: readonly (readonly [IngressController, image: RegExp, label: RegExp])[] = [
  ['nginx', /(?:^|\/)(?:ingress-nginx\/controller|nginx-ingress-controller)(?:[:@]|$)/, /^ingress-nginx$/],
  ['nginx-org', /(?:^|\/)nginx\/nginx-ingress(?:[:@]|$)/, /^nginx-ingress(?:-controller)?$/],
  ['traefik', /(?:^|\/)traefik(?:[:@]|$)/, /^traefik$/],
  ['haproxy', /haproxytech\/kubernetes-ingress(?:[:@]|$)/, /^(?:kubernetes-ingress|haproxy-kubernetes-ingress)$/],
  ['haproxy-ingress', /jcmoraisjr\/haproxy-ingress(?:[:@]|$)/, /^haproxy-ingress$/],
];
const LABELS = ['app.kubernetes.io/name', 'app', 'k8s-app'];

const controllers = new WeakMap<System['workloads'], Map<string, readonly Workload[]>>();

/** Controller workloads of the System that may serve an Ingress. @param served those its class and annotations leave; empty: any */
export function controllersOf({ workloads }: System, served: readonly IngressController[]): readonly Workload[] {
  let known = controllers.get(workloads);
  if (!known) controllers.set(workloads, (known = new Map()));
  const key = served.join();
  let found = known.get(key);
  if (!found) known.set(key, (found = controllersIn(workloads, served)));
  return found;
}

function controllersIn(workloads: System['workloads'], served: readonly IngressController[]): readonly Workload[] {
  const rows = CONTROLLERS.filter(([name]) => served.length === 0 || served.includes(name));
  return workloads.filter(
    ({ kind, labels, containers }) =>
      kind !== 'Job' &&
      kind !== 'CronJob' &&
      rows.some(
        ([, image, label]) =>
          containers.some((container) => !container.init && image.test(container.image)) ||
          LABELS.some((key) => Object.hasOwn(labels, key) && label.test(labels[key]!)),
      ),
  );
}

/** Workloads that an Istio Gateway's selector takes: in every namespace, as istiod does unless it is told otherwise. */
export function gatewayProxies(system: System, selector: Readonly<Record<string, string>>): readonly Workload[] {
  if (Object.keys(selector).length === 0) return [];
  return system.workloads.filter(({ labels }) => labelsMatch(selector, labels));
}

export interface FrontDoor {
  /** Undefined: nothing in the System says; taken as open. */
  readonly open: boolean | undefined;
  readonly sources: readonly string[];
  readonly by: ExposureDraft['by'];
  readonly edge: ExposureDraft['edge'];
  readonly edgeAuthenticates: boolean;
  readonly tls: boolean;
}

const UNKNOWN: FrontDoor = { open: undefined, sources: [], by: [], edge: [], edgeAuthenticates: false, tls: false };

/** How a proxy is open itself: a workload that has Services but no opening is reached from inside only. */
export function frontDoorOf(system: System, proxy: Workload | undefined, openings: readonly ExposureDraft[]): FrontDoor {
  if (!proxy) return UNKNOWN;
  const own = openings.filter(({ target }) => target.id === proxy.id);
  // The widest door counts.
  const door = own.find(({ sources, edgeAuthenticates }) => sources.length === 0 && !edgeAuthenticates) ?? own[0];
  if (!door) return servicesOf(system, proxy).length > 0 ? { ...UNKNOWN, open: false } : UNKNOWN;
  const { sources, by, edge, edgeAuthenticates } = door;
  return { open: true, sources, by, edge, edgeAuthenticates, tls: own.some(({ tls }) => tls) };
}
