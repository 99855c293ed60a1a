// Every kind that is read, one row each. A kind without a row is kept whole and counted.
import { nearest } from '#base/nearest.ts';
import { readEgressPolicy } from './cullis/egress.ts';
import { readGateKind, readPlatform, readWorkloadRun } from './cullis/platform.ts';
import { GATEWAY_GROUP } from './gateway/common.ts';
import { readGateway } from './gateway/gateway.ts';
import { readBackendTlsPolicy } from './gateway/backend-tls-policy.ts';
import { readGrpcRoute } from './gateway/grpc-route.ts';
import { readHttpRoute } from './gateway/http-route.ts';
import { readReferenceGrant } from './gateway/reference-grant.ts';
import { readStreamRoute } from './gateway/stream-route.ts';
import { readAuthorizationPolicy } from './istio/authorization-policy.ts';
import { readDestinationRule } from './istio/destination-rule.ts';
import { readIstioGateway } from './istio/networking.ts';
import { readPeerAuthentication } from './istio/peer-authentication.ts';
import { readRequestAuthentication } from './istio/request-authentication.ts';
import { readTelemetry } from './istio/telemetry.ts';
import { readServiceEntry } from './istio/service-entry.ts';
import { readSidecar } from './istio/sidecar.ts';
import { readVirtualService } from './istio/virtual-service.ts';
import { KEPT_KINDS } from './kept.ts';
import type { KindReader, KindRow } from './kind.ts';
import {
  readConfigMap,
  readHorizontalPodAutoscaler,
  readIngress,
  readNamespace,
  readNetworkPolicy,
  readNode,
  readRole,
  readRoleBinding,
  readServiceAccount,
} from './kubernetes/other.ts';
import { readSecret } from './kubernetes/secret.ts';
import { readEndpointSlice } from './kubernetes/endpoint-slice.ts';
import { readService, serviceName } from './kubernetes/service.ts';
import { readCronJob, readPod, readWorkload } from './kubernetes/workload.ts';
import { dnsLabel, pathSegment } from './metadata.ts';

type Extra = Partial<Pick<KindRow, 'name' | 'scope' | 'actedOn' | 'successor' | 'nameless'>>;

function rows(
  area: string,
  group: string,
  versions: readonly string[],
  readers: Readonly<Record<string, KindReader>>,
  extra: Extra = {},
): KindRow[] {
  return Object.entries(readers).map(([kind, read]) => ({
    kind,
    group,
    versions,
    scope: 'namespace',
    area,
    actedOn: true,
    read,
    ...extra,
  }));
}

const READ_ONLY: Extra = { actedOn: false };
const ISTIO_SECURITY = ['v1', 'v1beta1'];
const ISTIO_NETWORKING = ['v1', 'v1beta1', 'v1alpha3'];
const RBAC_VERSIONS = ['v1', 'v1beta1', 'v1alpha1'];
const WORKLOADS = { Deployment: readWorkload, StatefulSet: readWorkload, DaemonSet: readWorkload, ReplicaSet: readWorkload };
const RBAC = 'rbac.authorization.k8s.io';

export const KINDS: readonly KindRow[] = [
  ...rows('k8s', '', ['v1'], { Service: readService }, { name: serviceName }),
  ...rows('k8s', '', ['v1'], { Pod: readPod, ServiceAccount: readServiceAccount, ConfigMap: readConfigMap }),
  ...rows('k8s', '', ['v1'], { Namespace: readNamespace }, { scope: 'cluster', name: dnsLabel }),
  ...rows('k8s', '', ['v1'], { Secret: readSecret }, READ_ONLY),
  ...rows('k8s', '', ['v1'], { Node: readNode }, { ...READ_ONLY, scope: 'cluster' }),
  ...rows('k8s', '', ['v1'], { ReplicationController: readWorkload }),
  ...rows('k8s', 'apps', ['v1', 'v1beta2', 'v1beta1'], WORKLOADS),
  // Old groups that a cluster has not served since 1.16; the objects mean the same.
  ...rows('k8s', 'extensions', ['v1beta1'], WORKLOADS, { successor: 'apps' }),
  ...rows('k8s', 'batch', ['v1'], { Job: readWorkload }),
  ...rows('k8s', 'batch', ['v1', 'v1beta1'], { CronJob: readCronJob }),
  ...rows(
    'k8s',
    'autoscaling',
    ['v2', 'v1', 'v2beta2', 'v2beta1'],
    { HorizontalPodAutoscaler: readHorizontalPodAutoscaler },
    READ_ONLY,
  ),
  ...rows('k8s', 'discovery.k8s.io', ['v1', 'v1beta1'], { EndpointSlice: readEndpointSlice }),
  ...rows('k8s', 'networking.k8s.io', ['v1', 'v1beta1'], { Ingress: readIngress }, READ_ONLY),
  ...rows('k8s', 'networking.k8s.io', ['v1'], { NetworkPolicy: readNetworkPolicy }, READ_ONLY),
  ...rows(
    'k8s',
    'extensions',
    ['v1beta1'],
    { Ingress: readIngress, NetworkPolicy: readNetworkPolicy },
    { ...READ_ONLY, successor: 'networking.k8s.io' },
  ),
  ...rows('k8s', RBAC, RBAC_VERSIONS, { Role: readRole, RoleBinding: readRoleBinding }, { ...READ_ONLY, name: pathSegment }),
  ...rows(
    'k8s',
    RBAC,
    RBAC_VERSIONS,
    { ClusterRole: readRole, ClusterRoleBinding: readRoleBinding },
    { ...READ_ONLY, scope: 'cluster', name: pathSegment },
  ),
  ...rows('authz', 'security.istio.io', ISTIO_SECURITY, { AuthorizationPolicy: readAuthorizationPolicy }),
  ...rows('reqauth', 'security.istio.io', ISTIO_SECURITY, { RequestAuthentication: readRequestAuthentication }),
  ...rows('peerauth', 'security.istio.io', ISTIO_SECURITY, { PeerAuthentication: readPeerAuthentication }),
  ...rows('istio', 'networking.istio.io', ISTIO_NETWORKING, {
    DestinationRule: readDestinationRule,
    VirtualService: readVirtualService,
    ServiceEntry: readServiceEntry,
    Sidecar: readSidecar,
  }),
  ...rows('istio', 'telemetry.istio.io', ['v1', 'v1alpha1'], { Telemetry: readTelemetry }),
  ...rows(
    'istio',
    'networking.istio.io',
    ISTIO_NETWORKING,
    {
      Gateway: readIstioGateway,
    },
    READ_ONLY,
  ),
  ...rows('gateway', GATEWAY_GROUP, ['v1', 'v1beta1', 'v1alpha2'], { Gateway: readGateway, HTTPRoute: readHttpRoute }),
  ...rows('gateway', GATEWAY_GROUP, ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2'], {
    GRPCRoute: readGrpcRoute,
    TLSRoute: readStreamRoute,
    TCPRoute: readStreamRoute,
    UDPRoute: readStreamRoute,
    ReferenceGrant: readReferenceGrant,
    ReferencePolicy: readReferenceGrant,
    BackendTLSPolicy: readBackendTlsPolicy,
  }),
  ...rows('cullis', 'cullis.dev', ['v1'], { Platform: readPlatform }, { scope: 'cluster' }),
  ...rows(
    'cullis',
    'cullis.dev',
    ['v1'],
    { GatePolicy: readGateKind, Suppressions: readGateKind },
    { scope: 'cluster', nameless: true },
  ),
  ...rows('cullis', 'cullis.dev', ['v1'], { Workload: readWorkloadRun, EgressPolicy: readEgressPolicy }),
  ...KEPT_KINDS,
];

const BY_KIND = new Map(KINDS.map((row) => [`${row.group}/${row.kind}`, row]));
const GROUPS = [...new Set(KINDS.map((row) => row.group))].filter((group) => group !== '');

export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

export type Lookup =
  | { readonly found: 'row'; readonly row: KindRow }
  /** Known kind, other version: read as nothing, with the versions that are known. */
  | { readonly found: 'version'; readonly row: KindRow }
  /** Perhaps a misspelled known kind or group. */
  | { readonly found: 'near'; readonly what: 'kind' | 'apiVersion'; readonly word: string }
  | { readonly found: 'none'; readonly clusterScoped: boolean };

/** The row of a kind, or what was probably meant. */
export function lookUp(apiVersion: string, kind: string): Lookup {
  const group = groupOf(apiVersion);
  const row = BY_KIND.get(`${group}/${kind}`);
  if (row) {
    const version = apiVersion.slice(group === '' ? 0 : group.length + 1);
    return row.versions.length === 0 || row.versions.includes(version) ? { found: 'row', row } : { found: 'version', row };
  }
  if (KINDS.some((each) => each.group === group)) {
    const near = nearest(
      kind,
      KINDS.filter((each) => each.group === group).map((each) => each.kind),
    );
    if (near !== undefined) return { found: 'near', what: 'kind', word: near };
  }
  const rightGroups = KINDS.filter((each) => each.kind === kind);
  if (rightGroups.length > 0 && !KINDS.some((each) => each.group === group)) {
    const near =
      nearest(
        group,
        rightGroups.map((each) => each.group),
      ) ?? nearest(group, GROUPS);
    const meant = rightGroups.find((each) => each.group === near);
    if (meant) return { found: 'near', what: 'apiVersion', word: `${meant.group}/${meant.versions[0]}` };
  } else if (rightGroups.length > 0) {
    const [meant] = rightGroups;
    return {
      found: 'near',
      what: 'apiVersion',
      word: meant!.group === '' ? meant!.versions[0]! : `${meant!.group}/${meant!.versions[0]!}`,
    };
  }
  // ClusterPolicy, ClusterIssuer: what nobody told us about is named after its scope.
  return { found: 'none', clusterScoped: /^Cluster[A-Z]/.test(kind) };
}
