import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

const MAKERS: readonly (readonly [group: string, resource: string])[] = [
  ['', 'pods'],
  ['apps', 'deployments'],
  ['apps', 'daemonsets'],
  ['apps', 'statefulsets'],
  ['apps', 'replicasets'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
  ['', 'replicationcontrollers'],
];
const WRITES = ['create', 'patch', 'update'];

export const podCreate = {
  id: 'rbac.pod-create',
  name: 'Makes pods',
  severity: 'medium',
  cwe: [269],
  why: 'Whoever makes a pod chooses its service account and its mounts: with it come every secret and token of the namespace, and the node where nothing forbids privileged pods.',
  help: 'Give this to deployment pipelines only, in single namespaces that enforce a Pod Security level.',
  references: [RBAC_GOOD_PRACTICE, 'https://attack.mitre.org/techniques/T1610/'],
  tags: ['cis-k8s:5.1.4', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) => {
        if (rule.resourceNames.length > 0) return undefined;
        const made = MAKERS.filter(([group, resource]) => {
          const verbs = verbsOn(rule, group, resource, WRITES);
          // A pod that runs takes no other account or mount: only making one matters.
          return resource === 'pods' ? verbs.includes('create') : verbs.length > 0;
        });
        return made.length === 0 ? undefined : `make ${made[0]![1]}`;
      },
      severity: 'high',
      inNamespace: 'medium',
    }),
} as const satisfies SystemRule;
