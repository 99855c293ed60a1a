// Kinds that are known and kept as written, so that rules can look into them: where they live, and how they are told from misspellings.
import { isObject } from './check.ts';
import type { RawObject } from './check.ts';
import type { Document, Imported, KindReader, KindRow } from './kind.ts';
import { resourceOf } from './kind.ts';
import { pathSegment } from './metadata.ts';

interface Kept {
  readonly group: string;
  /** Kinds inside namespaces, separated by spaces. */
  readonly namespaced?: string;
  readonly cluster?: string;
  /** Files of programs rather than objects of a cluster: they need no `metadata`. */
  readonly files?: string;
}

const keep: KindReader = (document) => ({ resource: resourceOf(document, document.kind, document.raw['spec']) });

/** Keys for encryption at rest and a kubeconfig's credentials are dropped, as a Secret's values are. */
const READERS: Readonly<Record<string, KindReader>> = {
  EncryptionConfiguration: withoutKeys,
  EncryptionConfig: withoutKeys,
  Config: withoutKeys,
};
const CREDENTIALS = new Set(['secret', 'token', 'password', 'client-key-data']);

function withoutKeys(document: Document): Imported {
  const raw = nulled(document.raw, 0) as RawObject;
  return { resource: resourceOf({ ...document, raw }, document.kind, undefined) };
}

function nulled(value: unknown, depth: number): unknown {
  if (depth > 100) return null;
  if (Array.isArray(value)) return value.map((item) => nulled(item, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([name]) => name !== '__proto__');
  return Object.fromEntries(entries.map(([name, member]) => [name, CREDENTIALS.has(name) ? null : nulled(member, depth + 1)]));
}

const KEPT: readonly Kept[] = [
  {
    group: '',
    namespaced: 'PersistentVolumeClaim ResourceQuota LimitRange Endpoints Event PodTemplate Binding',
    cluster: 'PersistentVolume ComponentStatus',
    files: 'Config',
  },
  { group: 'apps', namespaced: 'ControllerRevision' },
  { group: 'policy', namespaced: 'PodDisruptionBudget', cluster: 'PodSecurityPolicy' },
  { group: 'extensions', cluster: 'PodSecurityPolicy' },
  { group: 'networking.k8s.io', cluster: 'IngressClass ServiceCIDR IPAddress ClusterCIDR' },
  { group: 'policy.networking.k8s.io', cluster: 'AdminNetworkPolicy BaselineAdminNetworkPolicy ClusterNetworkPolicy' },
  {
    group: 'storage.k8s.io',
    namespaced: 'CSIStorageCapacity',
    cluster: 'StorageClass CSIDriver CSINode VolumeAttachment VolumeAttributesClass',
  },
  { group: 'node.k8s.io', cluster: 'RuntimeClass' },
  { group: 'scheduling.k8s.io', cluster: 'PriorityClass' },
  { group: 'coordination.k8s.io', namespaced: 'Lease LeaseCandidate' },
  { group: 'certificates.k8s.io', namespaced: 'PodCertificateRequest', cluster: 'CertificateSigningRequest ClusterTrustBundle' },
  { group: 'apiextensions.k8s.io', cluster: 'CustomResourceDefinition' },
  { group: 'apiregistration.k8s.io', cluster: 'APIService' },
  {
    group: 'admissionregistration.k8s.io',
    cluster:
      'ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding',
  },
  {
    group: 'apiserver.config.k8s.io',
    files:
      'EncryptionConfiguration AdmissionConfiguration AuthenticationConfiguration AuthorizationConfiguration EgressSelectorConfiguration TracingConfiguration',
  },
  { group: 'apiserver.k8s.io', files: 'AdmissionConfiguration' },
  { group: 'pod-security.admission.config.k8s.io', files: 'PodSecurityConfiguration' },
  { group: 'eventratelimit.admission.k8s.io', files: 'Configuration' },
  { group: 'resourcequota.admission.k8s.io', files: 'Configuration' },
  { group: 'audit.k8s.io', files: 'Policy EventList' },
  { group: 'kubelet.config.k8s.io', files: 'KubeletConfiguration CredentialProviderConfig' },
  { group: 'kubeproxy.config.k8s.io', files: 'KubeProxyConfiguration' },
  { group: 'kubescheduler.config.k8s.io', files: 'KubeSchedulerConfiguration' },
  {
    group: 'kubeadm.k8s.io',
    files: 'ClusterConfiguration InitConfiguration JoinConfiguration ResetConfiguration UpgradeConfiguration',
  },
  { group: 'kind.x-k8s.io', files: 'Cluster' },
  { group: 'kustomize.config.k8s.io', files: 'Kustomization Component' },
  {
    group: 'gateway.networking.k8s.io',
    namespaced: 'BackendLBPolicy ListenerSet',
    cluster: 'GatewayClass',
  },
  { group: 'gateway.networking.x-k8s.io', namespaced: 'XListenerSet XBackendTrafficPolicy', cluster: 'XMesh' },
  {
    group: 'gateway.envoyproxy.io',
    namespaced:
      'SecurityPolicy BackendTrafficPolicy ClientTrafficPolicy EnvoyProxy EnvoyPatchPolicy EnvoyExtensionPolicy Backend HTTPRouteFilter EnvoyGateway',
  },
  { group: 'networking.istio.io', namespaced: 'EnvoyFilter WorkloadEntry WorkloadGroup ProxyConfig' },
  { group: 'extensions.istio.io', namespaced: 'WasmPlugin TrafficExtension' },
  { group: 'install.istio.io', namespaced: 'IstioOperator' },
  { group: 'sailoperator.io', namespaced: 'ZTunnel', cluster: 'Istio IstioCNI IstioRevision IstioRevisionTag' },
  {
    group: 'policy.linkerd.io',
    namespaced:
      'Server ServerAuthorization AuthorizationPolicy MeshTLSAuthentication NetworkAuthentication HTTPRoute EgressNetwork HTTPLocalRateLimitPolicy',
    cluster: 'ExternalGroup',
  },
  { group: 'linkerd.io', namespaced: 'ServiceProfile' },
  { group: 'workload.linkerd.io', namespaced: 'ExternalWorkload' },
  {
    group: 'cilium.io',
    namespaced:
      'CiliumNetworkPolicy CiliumEndpoint CiliumEnvoyConfig CiliumLocalRedirectPolicy CiliumNodeConfig CiliumEndpointSlice',
    cluster:
      'CiliumClusterwideNetworkPolicy CiliumClusterwideEnvoyConfig CiliumEgressGatewayPolicy CiliumIdentity CiliumNode CiliumLoadBalancerIPPool CiliumL2AnnouncementPolicy CiliumCIDRGroup CiliumBGPPeeringPolicy',
  },
  ...['projectcalico.org', 'crd.projectcalico.org'].map((group) => ({
    group,
    namespaced: 'NetworkPolicy NetworkSet StagedNetworkPolicy StagedKubernetesNetworkPolicy CalicoNetworkPolicy',
    cluster:
      'GlobalNetworkPolicy GlobalNetworkSet StagedGlobalNetworkPolicy HostEndpoint IPPool IPReservation FelixConfiguration BGPConfiguration BGPPeer Tier Profile ClusterInformation KubeControllersConfiguration',
  })),
  { group: 'operator.tigera.io', cluster: 'Installation APIServer' },
  ...['traefik.io', 'traefik.containo.us'].map((group) => ({
    group,
    namespaced:
      'Middleware MiddlewareTCP IngressRoute IngressRouteTCP IngressRouteUDP TLSOption TLSStore TraefikService ServersTransport ServersTransportTCP',
  })),
  { group: 'cert-manager.io', namespaced: 'Certificate CertificateRequest Issuer', cluster: 'ClusterIssuer' },
  { group: 'acme.cert-manager.io', namespaced: 'Order Challenge' },
  { group: 'trust.cert-manager.io', cluster: 'Bundle' },
  {
    group: 'external-secrets.io',
    namespaced: 'ExternalSecret SecretStore PushSecret',
    cluster: 'ClusterSecretStore ClusterExternalSecret ClusterPushSecret',
  },
  { group: 'secrets-store.csi.x-k8s.io', namespaced: 'SecretProviderClass SecretProviderClassPodStatus' },
  { group: 'bitnami.com', namespaced: 'SealedSecret' },
  {
    group: 'argoproj.io',
    namespaced:
      'Application ApplicationSet AppProject Rollout AnalysisTemplate AnalysisRun Experiment Workflow WorkflowTemplate CronWorkflow WorkflowEventBinding EventSource EventBus Sensor ArgoCD',
    cluster: 'ClusterWorkflowTemplate ClusterAnalysisTemplate',
  },
  { group: 'kustomize.toolkit.fluxcd.io', namespaced: 'Kustomization' },
  { group: 'helm.toolkit.fluxcd.io', namespaced: 'HelmRelease' },
  { group: 'source.toolkit.fluxcd.io', namespaced: 'GitRepository HelmRepository HelmChart OCIRepository Bucket' },
  { group: 'route.openshift.io', namespaced: 'Route' },
  { group: 'security.openshift.io', cluster: 'SecurityContextConstraints' },
  { group: 'apps.openshift.io', namespaced: 'DeploymentConfig' },
  { group: 'build.openshift.io', namespaced: 'BuildConfig Build' },
  { group: 'image.openshift.io', namespaced: 'ImageStream ImageStreamTag' },
  { group: 'kyverno.io', namespaced: 'Policy PolicyException CleanupPolicy', cluster: 'ClusterPolicy ClusterCleanupPolicy' },
  {
    group: 'monitoring.coreos.com',
    namespaced:
      'ServiceMonitor PodMonitor PrometheusRule Prometheus Alertmanager AlertmanagerConfig Probe ScrapeConfig ThanosRuler PrometheusAgent',
  },
  { group: 'keda.sh', namespaced: 'ScaledObject ScaledJob TriggerAuthentication', cluster: 'ClusterTriggerAuthentication' },
  {
    group: 'networking.gke.io',
    namespaced: 'ManagedCertificate FrontendConfig GCPBackendPolicy GCPGatewayPolicy HealthCheckPolicy',
  },
  { group: 'cloud.google.com', namespaced: 'BackendConfig' },
  { group: 'elbv2.k8s.aws', namespaced: 'TargetGroupBinding', cluster: 'IngressClassParams' },
  {
    group: 'configuration.konghq.com',
    namespaced: 'KongPlugin KongIngress KongConsumer TCPIngress UDPIngress',
    cluster: 'KongClusterPlugin',
  },
  { group: 'autoscaling.k8s.io', namespaced: 'VerticalPodAutoscaler VerticalPodAutoscalerCheckpoint' },
  { group: 'serving.knative.dev', namespaced: 'Service Route Configuration Revision DomainMapping' },
  { group: 'snapshot.storage.k8s.io', namespaced: 'VolumeSnapshot', cluster: 'VolumeSnapshotClass VolumeSnapshotContent' },
  { group: 'resource.k8s.io', namespaced: 'ResourceClaim ResourceClaimTemplate', cluster: 'DeviceClass ResourceSlice' },
];

/** Rows of the kinds that are kept; any version of them is taken. */
export const KEPT_KINDS: readonly KindRow[] = KEPT.flatMap(({ group, namespaced = '', cluster = '', files = '' }) => [
  ...rowsOf(group, namespaced, { scope: 'namespace' }),
  ...rowsOf(group, cluster, { scope: 'cluster' }),
  ...rowsOf(group, files, { scope: 'cluster', nameless: true }),
]);

function rowsOf(group: string, kinds: string, place: Pick<KindRow, 'scope' | 'nameless'>): KindRow[] {
  return kinds
    .split(' ')
    .filter((kind) => kind !== '')
    .map((kind) => ({
      kind,
      group,
      versions: [],
      area: 'k8s',
      name: pathSegment,
      actedOn: false,
      read: READERS[kind] ?? keep,
      ...place,
    }));
}
