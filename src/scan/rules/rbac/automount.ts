import type { FindingSeverity } from '#model/finding.ts';
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { permits } from '../../rbac/permits.ts';
import { rbacOf } from '../../rbac/permissions.ts';
import type { Grants } from '../../rbac/permissions.ts';
import type { PlacedRule } from '../../rbac/roles.ts';
import { podTemplates } from '../../pod-template.ts';
import type { PodTemplate } from '../../pod-template.ts';
import { memberOf } from '#base/raw.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE } from './role-hits.ts';

export const automount = {
  id: 'rbac.automount',
  name: 'Token of the service account mounted',
  severity: 'low',
  cwe: [250, 522],
  why: 'The token in the pod is a key to the Kubernetes API: the first thing that a foothold reads. A program that does not call that API does not need it.',
  help: 'Set `automountServiceAccountToken: false` on the service account, and `true` only on pods that call the Kubernetes API.',
  references: [RBAC_GOOD_PRACTICE, 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/'],
  tags: ['cis-k8s:5.1.6', 'nsa-k8s:auth'],
  check,
} as const satisfies SystemRule;

/** One hit per service account: its workloads share one token's power, and one line mends them. */
function* check({ system }: ScanContext): Generator<Hit> {
  const accounts = new Map<string, Resource>();
  for (const resource of system.resources) {
    if (resource.kind === 'ServiceAccount') accounts.set(`${resource.metadata.namespace}/${resource.metadata.name}`, resource);
  }
  const mounting = podTemplates(system).filter((template) => template.kubernetes && mounts(template, accounts));
  const known: Known = new Map();
  for (const [id, templates] of Map.groupBy(mounting, ({ workload }) => `${workload.namespace}/${workload.serviceAccount}`)) {
    const grants = rbacOf(system).accounts.get(id) ?? [];
    const power = strongest(grants, known);
    // An account with modest permissions of its own has them because its program calls the API.
    if (grants.length > 0 && power === undefined) continue;
    const account = accounts.get(id);
    const first = templates[0]!;
    const names = templates.map(({ workload }) => `\`${workload.id}\``);
    const shown = names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
    const place = account
      ? { resource: account, path: ['automountServiceAccountToken'] }
      : { resource: first.resource, path: first.at(['spec', 'serviceAccountName']) };
    const document = account && originOf(account);
    // What the account may do is told at its role; here stands only that every foothold holds the key.
    const severity: FindingSeverity = power?.wide === true ? 'low' : 'info';
    yield {
      title:
        power === undefined
          ? `${shown} ${names.length === 1 ? 'mounts' : 'mount'} the token of \`${id}\`, which has no permissions to use`
          : `a foothold in ${shown} finds a token of \`${id}\` that can ${power.what}`,
      severity,
      at: place,
      detail: id,
      fix: {
        text: 'Do not mount the token where the program does not call the Kubernetes API.',
        yaml: `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${first.workload.serviceAccount}\n  namespace: ${first.workload.namespace}\nautomountServiceAccountToken: false`,
        ...(document &&
          power === undefined && {
            edits: [{ op: 'set' as const, document, path: ['automountServiceAccountToken'], value: false }],
          }),
      },
    };
  }
}

/** The pod's word counts before the account's (ServiceAccount admission). */
export function mounts({ pod, workload }: PodTemplate, accounts: ReadonlyMap<string, Resource>): boolean {
  const own = memberOf(pod.spec, 'automountServiceAccountToken');
  if (typeof own === 'boolean') return own;
  return (
    memberOf(accounts.get(`${workload.namespace}/${workload.serviceAccount}`)?.body, 'automountServiceAccountToken') !== false
  );
}

const POWERS: readonly (readonly [verb: string, group: string, resource: string, what: string])[] = [
  ['*', '*', '*', 'do everything'],
  ['escalate', 'rbac.authorization.k8s.io', 'clusterroles', 'give itself any permission'],
  ['bind', 'rbac.authorization.k8s.io', 'clusterroles', 'bind itself to any role'],
  ['impersonate', '', 'users', 'act as any user'],
  ['list', '', 'secrets', 'read every secret'],
  ['create', '', 'serviceaccounts/token', 'make tokens of other accounts'],
  ['create', '', 'pods', 'make pods'],
  ['create', 'apps', 'deployments', 'make deployments'],
  ['create', '', 'pods/exec', 'run commands in pods'],
  ['create', '', 'nodes/proxy', 'run commands by the kubelets'],
];

/** By a role's rules, the place in `POWERS` of the strongest; asked once for all who have the role. */
type Known = Map<readonly PlacedRule[], number>;

function strongest(grants: Grants, known: Known): { readonly what: string; readonly wide: boolean } | undefined {
  let best = POWERS.length;
  let wide = false;
  for (const list of grants)
    for (const { rules, namespace } of list) {
      const at = powerOf(rules, known);
      if (at > best || at === POWERS.length) continue;
      wide = (at === best && wide) || namespace === undefined;
      best = at;
    }
  const what = POWERS[best]?.[3];
  return what === undefined ? undefined : { what, wide };
}

function powerOf(rules: readonly PlacedRule[], known: Known): number {
  let at = known.get(rules);
  if (at === undefined) {
    const found = POWERS.findIndex(([verb, group, resource]) => rules.some((rule) => permits(rule, { verb, group, resource })));
    known.set(rules, (at = found === -1 ? POWERS.length : found));
  }
  return at;
}
