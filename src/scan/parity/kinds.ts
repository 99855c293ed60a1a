// Kinds by what a difference in them means.

export const WORKLOAD_KINDS: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Pod',
  'ComposeService',
];

/** They only take away: where one is missing, more is allowed. */
export const POLICY_KINDS: readonly string[] = [
  'NetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'GlobalNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'Sidecar',
  'ServerAuthorization',
  'MeshTLSAuthentication',
  'NetworkAuthentication',
  'HTTPLocalRateLimitPolicy',
  'BackendTLSPolicy',
  'SecurityPolicy',
  'ClientTrafficPolicy',
  'RateLimitPolicy',
  'WafPolicy',
  'AuthenticationPolicy',
  'AccessListPolicy',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'ClusterPolicy',
  'Policy',
];

/** They only give: where there is one more, more is allowed. */
export const GRANT_KINDS: readonly string[] = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

/** They open ways in. */
export const OPENING_KINDS: readonly string[] = [
  'Ingress',
  'Gateway',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'VirtualService',
  'IngressRoute',
  'HTTPProxy',
];

/** Environments differ in these by their nature. */
export const SIZE_KINDS: readonly string[] = [
  'HorizontalPodAutoscaler',
  'VerticalPodAutoscaler',
  'PodDisruptionBudget',
  'ResourceQuota',
  'LimitRange',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'StorageClass',
  'Namespace',
  'PriorityClass',
];
