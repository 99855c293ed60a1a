// What Kubernetes itself brings: the user-facing ClusterRoles of every cluster, as far as they matter for escalation.
// Facts from https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles (release 1.34).

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceUrls: readonly string[];
}

const READ = ['get', 'list', 'watch'] as const;
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;

function rule(apiGroups: readonly string[], resources: readonly string[], verbs: readonly string[]): PolicyRule {
  return { apiGroups, resources, verbs, resourceNames: [], nonResourceUrls: [] };
}

const APPS = [
  'daemonsets',
  'deployments',
  'deployments/rollback',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
];
const CORE_READ = [
  'configmaps',
  'endpoints',
  'events',
  'persistentvolumeclaims',
  'pods',
  'pods/log',
  'pods/status',
  'replicationcontrollers',
  'resourcequotas',
  'serviceaccounts',
  'services',
];

const VIEW: readonly PolicyRule[] = [
  rule([''], CORE_READ, READ),
  rule(['apps'], APPS, READ),
  rule(['batch'], ['cronjobs', 'jobs'], READ),
  rule(['networking.k8s.io'], ['ingresses', 'networkpolicies'], READ),
];

const EDIT: readonly PolicyRule[] = [
  rule([''], ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'secrets', 'services/proxy'], READ),
  rule([''], ['serviceaccounts'], ['impersonate']),
  rule([''], ['pods', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'], WRITE),
  rule([''], ['pods/eviction', 'serviceaccounts/token'], ['create']),
  rule(
    [''],
    [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'replicationcontrollers',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ],
    WRITE,
  ),
  rule(['apps'], APPS, WRITE),
  rule(['batch'], ['cronjobs', 'jobs'], WRITE),
  rule(['networking.k8s.io'], ['ingresses', 'networkpolicies'], WRITE),
];

const ADMIN: readonly PolicyRule[] = [
  rule(['authorization.k8s.io'], ['localsubjectaccessreviews'], ['create']),
  rule(['rbac.authorization.k8s.io'], ['roles', 'rolebindings'], [...READ, ...WRITE]),
];

/** What a built-in role holds itself; `aggregates` names the label by which other ClusterRoles add to it. */
export interface BuiltInRole {
  readonly rules: readonly PolicyRule[];
  readonly aggregates: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-';

export const BUILT_IN_ROLES: ReadonlyMap<string, BuiltInRole> = new Map<string, BuiltInRole>([
  [
    'cluster-admin',
    {
      rules: [
        rule(['*'], ['*'], ['*']),
        { apiGroups: [], resources: [], verbs: ['*'], resourceNames: [], nonResourceUrls: ['*'] },
      ],
      aggregates: undefined,
      labels: {},
    },
  ],
  ['admin', { rules: ADMIN, aggregates: `${AGGREGATE}admin`, labels: {} }],
  ['edit', { rules: EDIT, aggregates: `${AGGREGATE}edit`, labels: { [`${AGGREGATE}admin`]: 'true' } }],
  ['view', { rules: VIEW, aggregates: `${AGGREGATE}view`, labels: { [`${AGGREGATE}edit`]: 'true' } }],
]);
