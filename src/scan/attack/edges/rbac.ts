// RBAC_*: what an identity may do at the cluster's API, and where that leads.
import { resourceId } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { Grant } from '../../rbac/permissions.ts';
import { verbsOn } from '../../rbac/permits.ts';
import { INFERRED_VALUES } from '../assets.ts';
import { CLUSTER_NODE, assetNode, identityNode, workloadNode } from '../context.ts';
import type { Build } from '../context.ts';
import { evidenceAt } from '../evidence.ts';
import { LIMITS } from '../model.ts';
import type { EdgeKind, FactId } from '../model.ts';
import { PROBABILITIES as P } from '../probabilities.ts';
import { declaredSecrets, reachesAny } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { nodesOf } from './escape.ts';

const POD_CONTROLLERS: readonly (readonly [group: string, resource: string])[] = [
  ['', 'pods'],
  ['apps', 'deployments'],
  ['apps', 'daemonsets'],
  ['apps', 'statefulsets'],
  ['apps', 'replicasets'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
  ['', 'replicationcontrollers'],
];

/** What a grant gives an attacker, one row a power; the first verb that is granted shows it. */
const POWERS: readonly {
  readonly kind: EdgeKind;
  readonly target: 'cluster' | 'identities' | 'secrets' | 'exec' | 'create' | 'nodes';
  readonly wide?: true;
  readonly on: readonly (readonly [group: string, resource: string])[];
  readonly verbs: readonly string[];
  readonly text: string;
  readonly probability: number;
}[] = [
  {
    kind: 'RBAC_ESCALATE',
    target: 'cluster',
    wide: true,
    on: [['rbac.authorization.k8s.io', 'clusterroles']],
    verbs: ['escalate', 'bind'],
    text: 'gives itself any role',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_IMPERSONATE',
    target: 'cluster',
    wide: true,
    on: [
      ['', 'users'],
      ['', 'groups'],
    ],
    verbs: ['impersonate'],
    text: 'acts as any user of the cluster',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_ESCALATE',
    target: 'cluster',
    wide: true,
    on: [['admissionregistration.k8s.io', 'mutatingwebhookconfigurations']],
    verbs: ['create', 'update', 'patch'],
    text: 'changes every object on its way in by a webhook',
    probability: P.rbacCreatePod,
  },
  {
    kind: 'RBAC_ESCALATE',
    target: 'cluster',
    wide: true,
    on: [['certificates.k8s.io', 'certificatesigningrequests/approval']],
    verbs: ['update', 'patch'],
    text: 'approves a client certificate for itself',
    probability: P.rbacCreatePod,
  },
  {
    kind: 'RBAC_NODE',
    target: 'nodes',
    wide: true,
    on: [['', 'nodes/proxy']],
    verbs: ['get', 'create'],
    text: 'runs commands in every pod through the kubelet',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_IMPERSONATE',
    target: 'identities',
    on: [['', 'serviceaccounts/token']],
    verbs: ['create'],
    text: 'asks for tokens of other service accounts',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_IMPERSONATE',
    target: 'identities',
    on: [['', 'serviceaccounts']],
    verbs: ['impersonate'],
    text: 'acts as other service accounts',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_SECRETS',
    target: 'secrets',
    on: [['', 'secrets']],
    verbs: ['get', 'list', 'watch'],
    text: 'reads secrets',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_EXEC',
    target: 'exec',
    on: [
      ['', 'pods/exec'],
      ['', 'pods/attach'],
    ],
    verbs: ['create', 'get'],
    text: 'runs commands in pods',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_EXEC',
    target: 'exec',
    on: [['', 'pods/ephemeralcontainers']],
    verbs: ['update', 'patch'],
    text: 'puts a debug container into pods',
    probability: P.rbac,
  },
  {
    kind: 'RBAC_CREATE_POD',
    target: 'create',
    on: POD_CONTROLLERS,
    verbs: ['create', 'update', 'patch'],
    text: 'starts pods of its own',
    probability: P.rbacCreatePod,
  },
];

/** The node of full control, with its edges; made when something leads there. */
function clusterNode(build: Build): number {
  const { builder } = build;
  const fresh = !builder.has(CLUSTER_NODE);
  const node = builder.node(CLUSTER_NODE, 'cluster', 'the whole cluster');
  if (fresh) {
    const reason = 'whoever has every right in the cluster has all that runs there';
    const asset = {
      holder: 'cluster',
      kind: 'cluster',
      value: INFERRED_VALUES.cluster,
      declared: false,
      reason,
      evidence: { text: reason },
    } as const;
    const all = { kind: 'RBAC_ADMIN', probability: 1, evidence: [] } as const;
    builder.edge(node, builder.node('asset:cluster', 'asset', 'control of the cluster', { asset }), {
      ...all,
      text: 'controls it',
    });
    for (const jewel of build.assets.values())
      builder.edge(node, assetNode(build, jewel), { ...all, text: `runs commands in ${jewel.holder}` });
  }
  return node;
}

/** Draws the edges of grants. */
export class Powers {
  readonly #build: Build;
  readonly #credentials: Credentials;
  readonly #holders: ReadonlyMap<string, readonly Workload[]>;
  readonly #byNamespace: ReadonlyMap<string, readonly Workload[]>;
  readonly #accounts: readonly string[];
  readonly #secrets: ReturnType<typeof declaredSecrets>;
  readonly #restricted: ReadonlySet<string>;

  constructor(build: Build, credentials: Credentials, holders: ReadonlyMap<string, readonly Workload[]>) {
    this.#build = build;
    this.#credentials = credentials;
    this.#holders = holders;
    this.#byNamespace = Map.groupBy(build.system.workloads, ({ namespace }) => namespace);
    this.#accounts = [...build.permissions].flatMap(([account, grants]) => (grants.some(isPowerful) ? [account] : []));
    this.#secrets = declaredSecrets(build);
    this.#restricted = new Set(
      build.system.namespaces.flatMap(({ name, labels }) =>
        ['baseline', 'restricted'].includes(labels['pod-security.kubernetes.io/enforce'] ?? '') ? [name] : [],
      ),
    );
  }

  of(account: string, grants: readonly Grant[]): void {
    for (const grant of grants) {
      if (!isPowerful(grant)) continue;
      if (isAdmin(grant))
        this.#edge(account, grant, clusterNode(this.#build), 'RBAC_ADMIN', 1, 'may do everything in the cluster');
      else for (const power of POWERS) this.#power(account, grant, power);
    }
  }

  #power(account: string, grant: Grant, power: (typeof POWERS)[number]): void {
    if (power.wide && grant.namespace !== undefined) return;
    const allowed = power.on.find(([group, resource]) => verbsOn(grant, group, resource, power.verbs).length > 0);
    if (!allowed) return;
    const { kind, probability, text } = power;
    const names = new Set(grant.resourceNames);
    const scope = grant.namespace;
    const workloads = (): readonly Workload[] =>
      scope === undefined ? this.#build.system.workloads : (this.#byNamespace.get(scope) ?? []);
    switch (power.target) {
      case 'cluster':
        this.#edge(account, grant, clusterNode(this.#build), kind, probability, text);
        break;
      case 'nodes':
        for (const node of nodesOf(this.#build)) this.#edge(account, grant, node, kind, probability, text);
        break;
      case 'identities':
        this.#identities(account, grant, kind, probability, text, names);
        break;
      case 'secrets':
        this.#readSecrets(account, grant, kind, probability, text, names);
        break;
      case 'exec':
        for (const workload of workloads())
          if (names.size === 0)
            this.#edge(account, grant, workloadNode(this.#build, workload.id), kind, probability, `${text}: in ${workload.id}`);
        break;
      case 'create': {
        if (names.size > 0) break;
        this.#identities(account, grant, kind, probability, `${text}, with other service accounts`, names);
        this.#readSecrets(account, grant, kind, probability, `${text}, with secrets mounted`, names);
        if (scope === undefined || !this.#restricted.has(scope))
          for (const node of nodesOf(this.#build))
            this.#edge(account, grant, node, kind, probability, `${text}, privileged: nothing in the manifests forbids it`);
        break;
      }
      default:
        power.target satisfies never;
    }
  }

  #identities(
    account: string,
    grant: Grant,
    kind: EdgeKind,
    probability: number,
    text: string,
    names: ReadonlySet<string>,
  ): void {
    for (const other of this.#accounts) {
      const [namespace = '', name = ''] = other.split('/');
      if (
        other === account ||
        (grant.namespace !== undefined && namespace !== grant.namespace) ||
        (names.size > 0 && !names.has(name))
      )
        continue;
      this.#edge(account, grant, identityNode(this.#build, other), kind, probability, `${text}: ${other}`);
    }
  }

  /** Only secrets that open something: the others lead nowhere. Used from where the identity's holders run. */
  #readSecrets(
    account: string,
    grant: Grant,
    kind: EdgeKind,
    probability: number,
    text: string,
    names: ReadonlySet<string>,
  ): void {
    const { builder } = this.#build;
    let left: number = LIMITS.secretsPerIdentity;
    for (const { id, namespace, keys, type } of this.#secrets) {
      if (
        (grant.namespace !== undefined && namespace !== grant.namespace) ||
        (names.size > 0 && !names.has(id.slice(namespace.length + 1)))
      )
        continue;
      if (type === 'kubernetes.io/service-account-token') continue;
      const opened = this.#credentials.byName(id, keys);
      const useful = opened.filter(({ asset }) =>
        (this.#holders.get(account) ?? []).some(({ id: holder }) => reachesAny(this.#build, holder, asset)),
      );
      if (useful.length === 0 || left-- <= 0) continue;
      const node = builder.node(`secret:${id}@identity:${account}`, 'secret', `secret ${id}`);
      this.#edge(account, grant, node, kind, probability, `${text}: ${id}`);
      for (const { asset, probability: opens, text: why } of useful)
        builder.edge(node, assetNode(this.#build, asset), {
          kind: 'CRED_FOR',
          probability: opens,
          text: `opens ${asset.holder} with it: ${why}`,
          evidence: [asset.evidence],
        });
    }
  }

  #edge(account: string, grant: Grant, to: number, kind: EdgeKind, probability: number, text: string): void {
    const { builder } = this.#build;
    const given = evidenceAt(`${resourceId(grant.binding)} gives it ${grant.role}`, grant.binding, grant.subjectPath);
    const evidence = [given, ...(grant.place ? [evidenceAt(text, grant.place.resource, grant.place.path)] : [])];
    const fact: FactId = builder.fact(
      `grant:${account}:${resourceId(grant.binding)}`,
      `${resourceId(grant.binding)} gives ${account} ${grant.role}`,
      given,
      evidence.slice(1),
    );
    builder.edge(identityNode(this.#build, account), to, {
      kind,
      probability,
      text: `${text} (${grant.role})`,
      evidence,
      facts: [fact],
    });
  }
}

function isAdmin({ namespace, verbs, apiGroups, resources, resourceNames }: Grant): boolean {
  return (
    namespace === undefined &&
    verbs.includes('*') &&
    apiGroups.includes('*') &&
    resources.includes('*') &&
    resourceNames.length === 0
  );
}

function isPowerful(grant: Grant): boolean {
  return (
    isAdmin(grant) ||
    POWERS.some(
      ({ on, verbs, wide }) =>
        !(wide && grant.namespace !== undefined) &&
        on.some(([group, resource]) => verbsOn(grant, group, resource, verbs).length > 0),
    )
  );
}
