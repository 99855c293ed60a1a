// Documents to the System.
import { hash } from 'node:crypto';
import { canonicalJson } from '#base/canonical-json.ts';
import type { MeshConfig } from '#model/istio.ts';
import type { Resource } from '#model/resource.ts';
import type { Namespace, Service, System } from '#model/system.ts';
import { deriveBuilds } from '../dockerfile/format.ts';
import type { Findings } from '../findings.ts';
import type { ImportedDocument } from '../import.ts';
import type { Part, ServiceDraft } from '../kind.ts';
import { selectProtocol } from '../kubernetes/service.ts';
import { deriveOAuth } from '../oauth/format.ts';
import { deriveApis } from '../openapi/derive.ts';
import { deriveCalls } from './calls.ts';
import { checkReferences } from './references.ts';
import { readSettings } from './settings.ts';
import { deriveWorkloads } from './workloads.ts';

/**
 * Puts the System together; everything in it is frozen.
 * @param hashes of resources that are in several Systems, so that each is hashed once
 */
export function buildSystem(
  documents: readonly ImportedDocument[],
  mesh: Partial<MeshConfig>,
  out: Findings,
  hashes?: WeakMap<object, string>,
): System {
  const settings = readSettings(documents, mesh, out);
  const { clusterDomain } = settings.mesh;
  const sources = {
    configMaps: new Map(parts(documents, 'configMap').map(({ part, resource }) => [idOf(resource), part.data])),
    secretKeys: new Map(parts(documents, 'secret').map(({ part, resource }) => [idOf(resource), part.keys])),
  };
  const drafts = deriveWorkloads(documents, settings.mesh, sources);
  const services = documents.flatMap(({ part, resource }) =>
    part?.type === 'service' || part?.type === 'composeService' ? [serviceOf(resource, part.service, clusterDomain)] : [],
  );
  const resources = documents.map((document) => document.resource);
  const workloads = drafts.map((draft) => draft.workload);
  const oauth = deriveOAuth(documents, drafts);
  let known: string | undefined;
  const system: System = {
    mesh: settings.mesh,
    platform: settings.platform,
    namespaces: namespacesOf(documents),
    workloads,
    services,
    calls: deriveCalls(drafts, services, clusterDomain),
    gateways: parts(documents, 'gateway').map(({ part }) => part.gateway),
    httpRoutes: parts(documents, 'httpRoute').map(({ part }) => part.route),
    grpcRoutes: parts(documents, 'grpcRoute').map(({ part }) => part.route),
    streamRoutes: parts(documents, 'streamRoute').map(({ part }) => part.route),
    referenceGrants: parts(documents, 'referenceGrant').map(({ part }) => part.grant),
    backendTlsPolicies: parts(documents, 'backendTlsPolicy').map(({ part }) => part.policy),
    authorizationPolicies: parts(documents, 'authorizationPolicy').map(({ part }) => part.policy),
    requestAuthentications: parts(documents, 'requestAuthentication').map(({ part }) => part.policy),
    peerAuthentications: parts(documents, 'peerAuthentication').map(({ part }) => part.policy),
    serviceEntries: parts(documents, 'serviceEntry').map(({ part }) => part.entry),
    sidecars: parts(documents, 'sidecar').map(({ part }) => part.sidecar),
    egressPolicies: parts(documents, 'egressPolicy').map(({ part }) => part.policy),
    destinationRules: parts(documents, 'destinationRule').map(({ part }) => part.rule),
    virtualServices: parts(documents, 'virtualService').map(({ part }) => part.service),
    telemetries: parts(documents, 'telemetry').map(({ part }) => part.telemetry),
    endpointSlices: parts(documents, 'endpointSlice').map(({ part }) => part.slice),
    runs: parts(documents, 'run').map(({ part }) => part.run),
    apis: deriveApis(documents, workloads, out),
    oauthServers: oauth.servers,
    oauthClients: oauth.clients,
    builds: deriveBuilds(documents, workloads),
    resources,
    notActedOn: countNotActedOn(documents),
    // Many who read a System never ask for it, and it costs as much as parsing.
    get hash() {
      return (known ??= hashOf(resources, hashes));
    },
  };
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(system)))
    if (name !== 'hash' && typeof member.value === 'object' && member.value !== null)
      freeze(member.value as object, DEPTHS[name]);
  Object.freeze(system);
  checkReferences(system, out);
  return system;
}

function idOf({ metadata }: Resource): string {
  return `${metadata.namespace}/${metadata.name}`;
}

type PartOf<T extends Part['type']> = Extract<Part, { readonly type: T }>;

function parts<T extends Part['type']>(
  documents: readonly ImportedDocument[],
  type: T,
): readonly { readonly part: PartOf<T>; readonly resource: Resource }[] {
  return documents.flatMap(({ part, resource }) => (part?.type === type ? [{ part: part as PartOf<T>, resource }] : []));
}

function serviceOf(resource: Resource, draft: ServiceDraft, clusterDomain: string): Service {
  const { namespace, name } = resource.metadata;
  return {
    id: `${namespace}/${name}`,
    namespace,
    name,
    host: `${name}.${namespace}.svc.${clusterDomain}`,
    type: draft.type,
    selector: draft.selector,
    ports: draft.ports.map((port) => ({
      name: port.name,
      port: port.port,
      targetPort: port.targetPort,
      protocol: selectProtocol(port) ?? 'tcp',
    })),
    resource,
  };
}

/** Those with a document, and those that documents are in. */
function namespacesOf(documents: readonly ImportedDocument[]): readonly Namespace[] {
  const found = new Map<string, Namespace>();
  for (const { resource } of documents) {
    const { namespace } = resource.metadata;
    if (namespace !== '') found.set(namespace, { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace } });
  }
  for (const { resource } of parts(documents, 'namespace')) {
    const { name, labels } = resource.metadata;
    found.set(name, { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } });
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function countNotActedOn(documents: readonly ImportedDocument[]): System['notActedOn'] {
  const counts = new Map<string, { apiVersion: string; kind: string; count: number }>();
  for (const { row, part, resource } of documents) {
    // A document of another format has no row; what it means is in its part.
    if (row ? row.actedOn : part !== undefined) continue;
    const { apiVersion, kind } = resource;
    const key = `${apiVersion} ${kind}`;
    const present = counts.get(key);
    if (present) present.count++;
    else counts.set(key, { apiVersion, kind, count: 1 });
  }
  return [...counts.values()].sort((a, b) => (`${a.kind} ${a.apiVersion}` < `${b.kind} ${b.apiVersion}` ? -1 : 1));
}

/** SHA-256 over the sorted hashes of the resources' canonical JSON: the order of documents and files does not matter. */
function hashOf(resources: readonly Resource[], known: WeakMap<object, string> | undefined): string {
  const hashes = resources.map((resource) => {
    const present = known?.get(resource);
    if (present !== undefined) return present;
    const made = hash('sha256', canonicalJson(resource));
    known?.set(resource, made);
    return made;
  });
  return hash('sha256', hashes.sort().join('\n'));
}

/** What is derived from a specification is as large as its text, and holds frozen nodes of it: only the lists are frozen. */
const DEPTHS: Readonly<Record<string, number>> = { apis: 2 };

/** Freezes down to a depth. What is frozen already is taken to be frozen to its bottom, as the parser's values are. */
function freeze(value: object, depth = Infinity): void {
  Object.freeze(value);
  if (depth === 0) return;
  if (Array.isArray(value)) {
    for (const member of value as readonly unknown[])
      if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) freeze(member, depth - 1);
    return;
  }
  for (const name in value) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof member === 'object' && member !== null && !Object.isFrozen(member)) freeze(member, depth - 1);
  }
}
