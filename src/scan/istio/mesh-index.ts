// Mesh configuration looked up by kind, namespace and label: what every analyzer works on.
import type { Path } from '#model/origin.ts';
import { labelsMatch } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import { groupOf } from './group.ts';
import { asObject, listAt, memberOf, objectAt, recordAt, textAt } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';

/** What is known of a credential whose values are not kept. */
export interface CredentialFacts {
  /** There is a certificate, with a key beside it, and it can be read. */
  readonly usable: boolean;
  /** Milliseconds since 1970. */
  readonly notBefore?: number;
  readonly notAfter?: number;
}

export interface MeshConfigSet {
  readonly resources: readonly Resource[];
  readonly rootNamespace?: string;
  readonly clusterDomain?: string;
  /** By `namespace/name` of the Secret, where its values were seen. */
  readonly credentials?: ReadonlyMap<string, CredentialFacts>;
}

export interface MeshOptions {
  /** The configuration is all there is: what is not in it does not exist. Of files in a repository that is not known. */
  readonly complete: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A pod, or what makes pods. */
export interface PodView {
  readonly resource: Resource;
  /** From the resource to the pod: `[]`, `['spec', 'template']`. */
  readonly base: Path;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: RawObject;
  /** A Pod, and no template. */
  readonly real: boolean;
  /** The ingress gateway that Istio's installation makes, which no file here declares. */
  readonly supposed: boolean;
}

const TEMPLATES: Readonly<Record<string, Path>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

const ISTIO_GROUP = /(?:^|\.)istio\.io$/;

export class MeshIndex {
  readonly complete: boolean;
  readonly now: number;
  readonly rootNamespace: string;
  readonly clusterDomain: string;
  readonly resources: readonly Resource[];
  readonly pods: readonly PodView[];
  readonly namespaces: ReadonlyMap<string, Resource>;
  readonly credentials: ReadonlyMap<string, CredentialFacts>;
  /** Whether anything here belongs to Istio at all. */
  readonly inUse: boolean;
  readonly #byKind = new Map<string, Resource[]>();
  readonly #servicesByNamespace = new Map<string, Resource[]>();
  readonly #podsByNamespace = new Map<string, PodView[]>();
  readonly #podsByLabel = new Map<string, PodView[]>();
  readonly #named = new Map<string, Resource>();
  readonly #picked = new Map<string, readonly PodView[]>();
  readonly #servicesByLabel = new Map<
    string,
    { readonly service: Resource; readonly selector: Readonly<Record<string, string>> }[]
  >();

  constructor(config: MeshConfigSet, options: MeshOptions) {
    this.complete = options.complete;
    this.now = options.now;
    this.rootNamespace = config.rootNamespace ?? 'istio-system';
    this.clusterDomain = config.clusterDomain ?? 'cluster.local';
    this.resources = config.resources;
    this.credentials = config.credentials ?? new Map();
    let inUse = false;
    for (const resource of config.resources) {
      const group = groupOf(resource.apiVersion);
      push(this.#byKind, `${group}/${resource.kind}`, resource);
      const { namespace, name } = resource.metadata;
      const full = `${group}/${resource.kind} ${namespace}/${name}`;
      if (!this.#named.has(full)) this.#named.set(full, resource);
      if (group === '' && resource.kind === 'Service') this.#addService(resource);
      inUse ||= ISTIO_GROUP.test(group) || marksMesh(resource);
    }
    this.inUse = inUse;
    this.pods = config.resources.flatMap(podsOf);
    for (const pod of this.pods) {
      push(this.#podsByNamespace, pod.namespace, pod);
      for (const [key, value] of Object.entries(pod.labels)) push(this.#podsByLabel, `${key}=${value}`, pod);
    }
    this.namespaces = new Map(this.kind('', 'Namespace').map((resource) => [resource.metadata.name, resource]));
  }

  /** In the order they were read. */
  kind(group: string, kind: string): readonly Resource[] {
    return this.#byKind.get(`${group}/${kind}`) ?? [];
  }

  /** Istio's own kinds: `istio('networking', 'Gateway')`. */
  istio(area: 'networking' | 'security' | 'telemetry' | 'extensions', kind: string): readonly Resource[] {
    return this.kind(`${area}.istio.io`, kind);
  }

  #addService(service: Resource): void {
    const { namespace } = service.metadata;
    push(this.#servicesByNamespace, namespace, service);
    const selector = recordAt(service.spec, 'selector');
    const [first] = Object.entries(selector);
    if (first) push(this.#servicesByLabel, `${namespace} ${first[0]}=${first[1]}`, { service, selector });
  }

  /** The resource of that name. */
  named(group: string, kind: string, namespace: string, name: string): Resource | undefined {
    return this.#named.get(`${group}/${kind} ${namespace}/${name}`);
  }

  /** Services whose selector takes in a pod. */
  servicesOf(pod: PodView): readonly Resource[] {
    return Object.entries(pod.labels).flatMap(([key, value]) =>
      (this.#servicesByLabel.get(`${pod.namespace} ${key}=${value}`) ?? [])
        .filter(({ selector }) => labelsMatch(selector, pod.labels))
        .map(({ service }) => service),
    );
  }

  /** Whether some pod carries these labels. */
  hasPod(labels: Readonly<Record<string, string>>): boolean {
    return this.#pick(labels).length > 0;
  }

  /** Pods with these labels, of one namespace or of all. */
  podsWith(labels: Readonly<Record<string, string>>, namespace?: string): readonly PodView[] {
    const key = JSON.stringify([namespace, labels]);
    let picked = this.#picked.get(key);
    if (!picked) {
      picked = this.#pick(labels, namespace);
      this.#picked.set(key, picked);
    }
    return picked;
  }

  #pick(labels: Readonly<Record<string, string>>, namespace?: string): readonly PodView[] {
    let among = namespace === undefined ? this.pods : this.podsIn(namespace);
    for (const [key, value] of Object.entries(labels)) {
      const carriers = this.#podsByLabel.get(`${key}=${value}`) ?? [];
      if (carriers.length < among.length) among = carriers;
    }
    return among.filter((pod) => (namespace === undefined || pod.namespace === namespace) && labelsMatch(labels, pod.labels));
  }

  get services(): readonly Resource[] {
    return this.kind('', 'Service');
  }

  servicesIn(namespace: string): readonly Resource[] {
    return this.#servicesByNamespace.get(namespace) ?? [];
  }

  podsIn(namespace: string): readonly PodView[] {
    return this.#podsByNamespace.get(namespace) ?? [];
  }

  /** Whether what runs in a namespace is known, so that a thing missing there can be called missing. */
  knows(namespace: string): boolean {
    return this.complete || this.podsIn(namespace).length > 0;
  }

  labelsOfNamespace(name: string): Readonly<Record<string, string>> {
    return { ...this.namespaces.get(name)?.metadata.labels, 'kubernetes.io/metadata.name': name };
  }

  /** Pods that a policy's selector picks: of its own namespace, or of all from the root namespace. */
  podsFor(namespace: string, labels: Readonly<Record<string, string>>): readonly PodView[] {
    return this.podsWith(labels, namespace === this.rootNamespace ? undefined : namespace);
  }

  /** Pods that a Gateway's selector picks, in all namespaces; for the labels of Istio's own ingress gateway the one it installs. */
  gatewayPods(selector: Readonly<Record<string, string>>): readonly PodView[] {
    const found = this.podsWith(selector);
    const keys = Object.keys(selector);
    const isDefault = keys.length > 0 && labelsMatch(selector, DEFAULT_GATEWAY_LABELS);
    return found.length > 0 || !isDefault ? found : [this.#defaultGateway];
  }

  get #defaultGateway(): PodView {
    const metadata = {
      name: 'istio-ingressgateway',
      namespace: this.rootNamespace,
      labels: DEFAULT_GATEWAY_LABELS,
      annotations: {},
    };
    const resource: Resource = { apiVersion: 'v1', kind: 'Pod', metadata, spec: {}, body: {} };
    const { name, namespace, labels, annotations } = metadata;
    return { resource, base: [], namespace, name, labels, annotations, spec: {}, real: false, supposed: true };
  }
}

const DEFAULT_GATEWAY_LABELS = { istio: 'ingressgateway', app: 'istio-ingressgateway' } as const;

/** Ports of the Service in front of the ingress gateway that Istio installs, and those of its pods behind them. */
export const DEFAULT_GATEWAY_PORTS: readonly number[] = [80, 443, 8080, 8443, 15021, 15443, 31400];

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function marksMesh({ kind, metadata }: Resource): boolean {
  if (kind !== 'Namespace') return false;
  const { labels } = metadata;
  return (
    Object.hasOwn(labels, 'istio-injection') ||
    Object.hasOwn(labels, 'istio.io/rev') ||
    Object.hasOwn(labels, 'istio.io/dataplane-mode')
  );
}

function podsOf(resource: Resource): PodView[] {
  const base = Object.hasOwn(TEMPLATES, resource.kind) ? TEMPLATES[resource.kind]! : undefined;
  if (!base) return [];
  const { namespace, name } = resource.metadata;
  if (base.length === 0) {
    const { labels, annotations } = resource.metadata;
    const spec = asObject(resource.spec) ?? {};
    return [{ resource, base, namespace, name, labels, annotations, spec, real: true, supposed: false }];
  }
  let template: unknown = resource.spec;
  for (const key of base.slice(1)) template = memberOf(template, String(key));
  if (asObject(template) === undefined) return [];
  const metadata = objectAt(template, 'metadata');
  return [
    {
      resource,
      base,
      namespace,
      name,
      labels: recordAt(metadata, 'labels'),
      annotations: recordAt(metadata, 'annotations'),
      spec: objectAt(template, 'spec') ?? {},
      real: false,
      supposed: false,
    },
  ];
}

/** Containers of a pod with where they stand; native sidecars are init containers. */
export function containersOf(
  pod: PodView,
  kinds: readonly ('containers' | 'initContainers')[] = ['containers', 'initContainers'],
): readonly { readonly name: string; readonly image: string; readonly raw: unknown; readonly path: Path }[] {
  return kinds.flatMap((kind) =>
    listAt(pod.spec, kind).map((raw, i) => ({
      name: textAt(raw, 'name') ?? '',
      image: textAt(raw, 'image') ?? '',
      raw,
      path: [...pod.base, 'spec', kind, i],
    })),
  );
}

const indexed = new WeakMap<System, MeshIndex>();

/** The index of a System's resources; asking again costs nothing. */
export function meshOf(system: System, now: number): MeshIndex {
  let mesh = indexed.get(system);
  if (!mesh || mesh.now !== now) {
    const { rootNamespace, clusterDomain } = system.mesh;
    mesh = new MeshIndex({ resources: system.resources, rootNamespace, clusterDomain }, { complete: false, now });
    indexed.set(system, mesh);
  }
  return mesh;
}
