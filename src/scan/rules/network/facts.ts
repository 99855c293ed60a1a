// What the rules over the network ask again and again, worked out once a System.
import { originOf } from '#model/origin.ts';
import type { FindingEdit } from '#model/finding.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { System, Workload } from '#model/system.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { storeSign } from '../../attack/stores.ts';
import { isCompose } from '../../reach/compose.ts';
import { controllersOf, gatewayProxies } from '../../reach/exposures/proxies.ts';
import type { Exposure } from '../../reach/face.ts';
import { declaredFlows } from '../../reach/flows.ts';
import type { WantedFlow } from '../../reach/flows.ts';
import { knownRanges, sliceRanges } from '../../reach/places.ts';
import type { KnownRange } from '../../reach/places.ts';
import type { Policy, PolicyRule } from '../../reach/policy.ts';
import { listAt, objectAt, recordAt, textAt } from '#base/raw.ts';
import { reachOf } from '../../reach/reach.ts';
import type { SystemReach } from '../../reach/reach.ts';
import { labelsOf, selects } from '../../reach/selector.ts';
import type { Selector } from '../../reach/selector.ts';
import type { ScanContext } from '../../rule.ts';

export const NETWORK_POLICIES = 'https://kubernetes.io/docs/concepts/services-networking/network-policies/';
export const NSA_HARDENING = 'NSA/CISA Kubernetes Hardening Guide 1.2, network separation';

/** A NetworkPolicy and the workloads that its labels name, those of the host network included. */
export interface PolicyFact {
  readonly policy: Policy;
  readonly subjects: readonly Workload[];
}

export interface NetworkFacts {
  readonly system: System;
  readonly reach: SystemReach;
  /** Workloads that are pods. */
  readonly pods: readonly Workload[];
  /** NetworkPolicies alone. */
  readonly policies: readonly PolicyFact[];
  readonly exposures: ReadonlyMap<string, readonly Exposure[]>;
  readonly stores: ReadonlySet<string>;
  readonly ranges: readonly KnownRange[];
  /** Calls that environments declare, from workload to port of a pod. */
  readonly flows: readonly WantedFlow[];
  /** Workloads that callers from outside their namespaces need by their nature, by id: what for. */
  readonly needed: ReadonlyMap<string, string>;
}

const known = new WeakMap<SystemReach, NetworkFacts>();

export function factsOf(context: Pick<ScanContext, 'system' | 'reach'>): NetworkFacts {
  const asked = context.reach();
  const reach = 'kernel' in asked ? (asked as SystemReach) : reachOf(context.system);
  let facts = known.get(reach);
  if (!facts) {
    facts = collect(context.system, reach);
    known.set(reach, facts);
  }
  return facts;
}

function collect(system: System, reach: SystemReach): NetworkFacts {
  const pods = system.workloads.filter((workload) => !isCompose(workload));
  const policies = reach.policies
    .filter(({ tier }) => tier === 'namespace')
    .map((policy): PolicyFact => {
      const { pods: selector } = policy.subject;
      const near = workloadsMatching(system, policy.resource.metadata.namespace, labelsOf(selector));
      return { policy, subjects: near.filter((workload) => !isCompose(workload) && selects(selector, workload.labels)) };
    });
  const exposures = Map.groupBy(reach.exposures(), ({ to }) => to);
  return {
    system,
    reach,
    pods,
    policies,
    exposures,
    stores: new Set(pods.filter((workload) => storeSign(workload) !== undefined).map(({ id }) => id)),
    ranges: rangesOf(system),
    flows: declaredFlows(reach).filter(({ exposure }) => exposure === undefined),
    needed: neededOf(system, exposures),
  };
}

/** What is stated; single addresses of pods only where no range of pods is. */
function rangesOf(system: System): readonly KnownRange[] {
  const stated = knownRanges(system);
  return stated.some(({ of }) => of === 'pods') ? stated : [...stated, ...sliceRanges(system)];
}

/** Exposed, proxies at the edge, DNS, and what the API server calls (webhooks, aggregated APIs). */
function neededOf(system: System, exposures: ReadonlyMap<string, readonly Exposure[]>): ReadonlyMap<string, string> {
  const needed = new Map<string, string>();
  const add = (id: string, why: string): void => {
    if (!needed.has(id)) needed.set(id, why);
  };
  for (const id of exposures.keys()) add(id, 'it is exposed');
  for (const { id } of controllersOf(system, [])) add(id, 'it is an ingress controller');
  const called = new Set<string>();
  for (const { kind, apiVersion, spec, body, metadata } of system.resources) {
    if (kind === 'Gateway' && apiVersion.startsWith('networking.istio.io/')) {
      for (const { id } of gatewayProxies(system, recordAt(spec, 'selector'))) add(id, 'it is a gateway');
    }
    if (kind === 'ValidatingWebhookConfiguration' || kind === 'MutatingWebhookConfiguration') {
      for (const hook of listAt(body, 'webhooks')) called.add(serviceId(objectAt(objectAt(hook, 'clientConfig'), 'service')));
    }
    if (kind === 'APIService') called.add(serviceId(objectAt(spec, 'service')));
    if (kind === 'CustomResourceDefinition' && metadata.name !== '') {
      called.add(serviceId(objectAt(objectAt(objectAt(objectAt(spec, 'conversion'), 'webhook'), 'clientConfig'), 'service')));
    }
  }
  for (const service of system.services) {
    const dns = service.ports.some(({ port, protocol }) => port === 53 && protocol === 'udp');
    if (!dns && !called.has(service.id)) continue;
    for (const { id, namespace, labels } of system.workloads) {
      if (
        service.selector &&
        namespace === service.namespace &&
        Object.entries(service.selector).every(([key, value]) => labels[key] === value)
      )
        add(id, dns ? 'it answers DNS' : 'the API server calls it');
    }
  }
  return needed;
}

function serviceId(service: unknown): string {
  return `${textAt(service, 'namespace') ?? ''}/${textAt(service, 'name') ?? ''}`;
}

/** Namespaces that a cluster brings itself. */
export function isClusterNamespace(namespace: string): boolean {
  return namespace === 'kube-system' || namespace === 'kube-public' || namespace === 'kube-node-lease';
}

/** Everyone, every pod of every namespace, or of every one but some: what nobody has labelled is in. */
export function isFromEveryone({ peers }: PolicyRule): boolean {
  return (
    peers === 'any' ||
    peers.some(
      (peer) => peer.kind === 'pods' && peer.namespaces !== 'own' && isEveryNamespace(peer.namespaces) && isOpen(peer.pods),
    )
  );
}

/** The API server gives every namespace its name as a label: to ask for it at all is to ask for nothing. */
function isEveryNamespace({ requirements, key }: Selector): boolean {
  return isOpen({
    key,
    requirements: requirements.filter(
      ({ operator, key: label }) => operator !== 'Exists' || label !== 'kubernetes.io/metadata.name',
    ),
  });
}

function isOpen({ requirements }: Selector): boolean {
  return requirements.every(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist');
}

/** Every pod of the policy's own namespace. */
export function isFromNamespace({ peers }: PolicyRule): boolean {
  return peers !== 'any' && peers.some((peer) => peer.kind === 'pods' && peer.namespaces === 'own' && isOpen(peer.pods));
}

/** `create` in a file beside the one where `beside` stands. */
export function createEdits(beside: Resource, name: string, values: readonly unknown[]): readonly FindingEdit[] {
  const file = originOf(beside)?.file;
  if (file === undefined || file === '-') return [];
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '';
  return values.map((value) => ({ op: 'create', file: `${folder}${name}`, value }));
}

/** `set` or `remove` in the document of a resource. */
export function editOf(resource: Resource, path: Path, value?: unknown): readonly FindingEdit[] {
  const document = originOf(resource);
  if (!document) return [];
  return [value === undefined ? { op: 'remove', document, path } : { op: 'set', document, path, value }];
}

/** `a`, `b` and 3 more */
export function names(ids: readonly string[], max = 5): string {
  const shown = ids.slice(0, max).map((id) => `\`${id}\``);
  if (ids.length > max) return `${shown.join(', ')} and ${ids.length - max} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
