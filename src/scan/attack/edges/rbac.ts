// RBAC_*: what an identity may do at the cluster's API, and where that leads.
import { resourceId } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import type { Grant, Grants } from '../../rbac/permissions.ts';
import { verbsOn } from '../../rbac/permits.ts';
import type { PlacedRule } from '../../rbac/roles.ts';
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

interface Power {
  readonly kind: EdgeKind;
  readonly target: 'cluster' | 'identities' | 'secrets' | 'exec' | 'create' | 'nodes';
  readonly wide?: true;
  readonly on: readonly (readonly [group: string, resource: string])[];
  readonly verbs: readonly string[];
  readonly text: string;
  readonly probability: number;
}

const ADMIN: Power = {
  kind: 'RBAC_ADMIN',
  target: 'cluster',
  wide: true,
  on: [],
  verbs: [],
  text: 'may do everything in the cluster',
  probability: 1,
};

/** What a rule gives an attacker, one row a power; the first verb that is granted shows it. */
const POWERS: readonly Power[] = [
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

/** A power that a role gives, and the rule that shows it. */
interface Given {
  readonly power: Power;
  readonly rule: PlacedRule;
  /** The only objects that it is given for; empty for all. */
  readonly names: ReadonlySet<string>;
}

/** Draws the edges of grants. */
export class Powers {
  readonly #build: Build;
  readonly #credentials: Credentials;
  readonly #holders: ReadonlyMap<string, readonly Workload[]>;
  readonly #byNamespace: ReadonlyMap<string, readonly Workload[]>;
  readonly #accounts: readonly string[];
  readonly #accountsIn: ReadonlyMap<string, readonly string[]>;
  readonly #secrets: ReturnType<typeof declaredSecrets>;
  readonly #secretsIn: ReadonlyMap<string, ReturnType<typeof declaredSecrets>>;
  readonly #restricted: ReadonlySet<string>;
  /** By the rules of a role, which all who have it share: what they give in the whole cluster, and in a namespace. */
  readonly #given = new Map<readonly PlacedRule[], readonly [wide: readonly Given[], narrow: readonly Given[]]>();
  #nodes: readonly number[] | undefined;
  #steps = 0;

  constructor(build: Build, credentials: Credentials, holders: ReadonlyMap<string, readonly Workload[]>) {
    this.#build = build;
    this.#credentials = credentials;
    this.#holders = holders;
    this.#byNamespace = Map.groupBy(build.system.workloads, ({ namespace }) => namespace);
    this.#accounts = [...build.permissions].flatMap(([account, grants]) => (this.#powerful(grants) ? [account] : []));
    this.#accountsIn = Map.groupBy(this.#accounts, (account) => account.slice(0, account.indexOf('/')));
    // A token of the cluster's API opens no store.
    this.#secrets = declaredSecrets(build).filter(({ type }) => type !== 'kubernetes.io/service-account-token');
    this.#secretsIn = Map.groupBy(this.#secrets, ({ namespace }) => namespace);
    this.#restricted = new Set(
      build.system.namespaces.flatMap(({ name, labels }) =>
        ['baseline', 'restricted'].includes(labels['pod-security.kubernetes.io/enforce'] ?? '') ? [name] : [],
      ),
    );
  }

  of(account: string, grants: Grants): void {
    for (const list of grants)
      for (const grant of list) {
        if (!this.#may(1)) return;
        for (const given of this.#givenBy(grant)) this.#power(account, grant, given);
      }
  }

  /** Whether there is still room for so many steps; what does not fit is counted as left out. */
  #may(steps: number): boolean {
    this.#steps += steps;
    if (this.#steps <= LIMITS.grantSteps) return true;
    this.#build.builder.leave();
    return false;
  }

  #givenBy({ rules, namespace }: Grant): readonly Given[] {
    let known = this.#given.get(rules);
    if (!known) this.#given.set(rules, (known = [givenBy(rules, true), givenBy(rules, false)]));
    return known[namespace === undefined ? 0 : 1];
  }

  #powerful(grants: Grants): boolean {
    return grants.some((list) => list.some((grant) => this.#givenBy(grant).length > 0));
  }

  #power(account: string, grant: Grant, given: Given): void {
    const { power, names } = given;
    const { text } = power;
    const scope = grant.namespace;
    switch (power.target) {
      case 'cluster':
        this.#edge(account, grant, given, clusterNode(this.#build), text);
        break;
      case 'nodes':
        for (const node of this.#machines()) this.#edge(account, grant, given, node, text);
        break;
      case 'identities':
        this.#identities(account, grant, given, text);
        break;
      case 'secrets':
        this.#readSecrets(account, grant, given, text);
        break;
      case 'exec':
        if (names.size > 0) break;
        for (const { id } of scope === undefined ? this.#build.system.workloads : (this.#byNamespace.get(scope) ?? []))
          if (!this.#edge(account, grant, given, workloadNode(this.#build, id), `${text}: in ${id}`)) break;
        break;
      case 'create': {
        if (names.size > 0) break;
        this.#identities(account, grant, given, `${text}, with other service accounts`);
        this.#readSecrets(account, grant, given, `${text}, with secrets mounted`);
        if (scope === undefined || !this.#restricted.has(scope))
          for (const node of this.#machines())
            this.#edge(account, grant, given, node, `${text}, privileged: nothing in the manifests forbids it`);
        break;
      }
      default:
        power.target satisfies never;
    }
  }

  #machines(): readonly number[] {
    return (this.#nodes ??= nodesOf(this.#build));
  }

  #identities(account: string, grant: Grant, given: Given, text: string): void {
    const { names } = given;
    for (const other of grant.namespace === undefined ? this.#accounts : (this.#accountsIn.get(grant.namespace) ?? [])) {
      if (names.size > 0 && !names.has(other.slice(other.indexOf('/') + 1))) {
        if (!this.#may(1)) return;
      } else if (other !== account && !this.#edge(account, grant, given, identityNode(this.#build, other), `${text}: ${other}`))
        return;
    }
  }

  /** Only secrets that open something: the others lead nowhere. Used from where the identity's holders run. */
  #readSecrets(account: string, grant: Grant, given: Given, text: string): void {
    const { builder } = this.#build;
    const { names } = given;
    const holders = this.#holders.get(account);
    if (!holders) return;
    let left: number = LIMITS.secretsPerIdentity;
    for (const { id, namespace, keys } of grant.namespace === undefined
      ? this.#secrets
      : (this.#secretsIn.get(grant.namespace) ?? [])) {
      if (left <= 0 || !this.#may(holders.length)) return;
      if (names.size > 0 && !names.has(id.slice(namespace.length + 1))) continue;
      const useful = this.#credentials
        .byName(id, keys)
        .filter(({ asset }) => holders.some(({ id: holder }) => reachesAny(this.#build, holder, asset)));
      if (useful.length === 0) continue;
      left--;
      const node = builder.node(`secret:${id}@identity:${account}`, 'secret', `secret ${id}`);
      this.#edge(account, grant, given, node, `${text}: ${id}`);
      for (const { asset, probability: opens, text: why } of useful)
        builder.edge(node, assetNode(this.#build, asset), {
          kind: 'CRED_FOR',
          probability: opens,
          text: `opens ${asset.holder} with it: ${why}`,
          evidence: [asset.evidence],
        });
    }
  }

  /** @returns whether there is room for more */
  #edge(account: string, grant: Grant, { power, rule }: Given, to: number, text: string): boolean {
    if (!this.#may(STEPS_OF_EDGE)) return false;
    const { builder } = this.#build;
    const binding = resourceId(grant.binding);
    const given = evidenceAt(`${binding} gives it ${grant.role}`, grant.binding, grant.subjectPath);
    const evidence = [given, ...(rule.place ? [evidenceAt(text, rule.place.resource, rule.place.path)] : [])];
    const fact: FactId = builder.fact(
      `grant:${account}:${binding}`,
      `${binding} gives ${account} ${grant.role}`,
      given,
      evidence.slice(1),
    );
    builder.edge(identityNode(this.#build, account), to, {
      kind: power.kind,
      probability: power.probability,
      text: `${text} (${grant.role})`,
      evidence,
      facts: [fact],
    });
    return true;
  }
}

/** An edge costs as much as so many looks at what does not fit. */
const STEPS_OF_EDGE = 20;

/** The powers of a role: each by the first rule that gives it for all objects, else by every rule that gives it for some. */
function givenBy(rules: readonly PlacedRule[], wide: boolean): readonly Given[] {
  const admin = wide ? rules.find(isAdmin) : undefined;
  if (admin) return [{ power: ADMIN, rule: admin, names: new Set() }];
  return POWERS.flatMap((power): readonly Given[] => {
    if (power.wide && !wide) return [];
    const giving = rules.filter((rule) =>
      power.on.some(([group, resource]) => verbsOn(rule, group, resource, power.verbs).length > 0),
    );
    const all = giving.find(({ resourceNames }) => resourceNames.length === 0);
    return (all ? [all] : giving).map((rule) => ({ power, rule, names: new Set(rule.resourceNames) }));
  });
}

function isAdmin({ verbs, apiGroups, resources, resourceNames }: PlacedRule): boolean {
  return verbs.includes('*') && apiGroups.includes('*') && resources.includes('*') && resourceNames.length === 0;
}
