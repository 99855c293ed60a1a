import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

const WAYS: readonly (readonly [resource: string, verbs: readonly string[], what: string])[] = [
  // A websocket begins with GET: `get` is as good as `create` before 1.35.
  ['pods/exec', ['create', 'get'], 'run commands in pods'],
  ['pods/attach', ['create', 'get'], 'attach to pods'],
  ['pods/ephemeralcontainers', ['patch', 'update'], 'put debug containers into pods'],
  ['pods/portforward', ['create', 'get'], 'tunnel into pods'],
];

export const podExec = {
  id: 'rbac.pod-exec',
  name: 'Enters running pods',
  severity: 'medium',
  cwe: [269],
  why: 'Running a command in a pod is taking its identity: token, secrets, environment and every connection that policy allows it. A tunnel passes by NetworkPolicy.',
  help: 'Leave this to people in an emergency, bound for its time; take it from service accounts.',
  references: [RBAC_GOOD_PRACTICE, 'https://attack.mitre.org/techniques/T1609/'],
  tags: ['cis-k8s:5.1.4', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) => {
        if (rule.resourceNames.length > 0) return undefined;
        return WAYS.find(([resource, verbs]) => verbsOn(rule, '', resource, verbs).length > 0)?.[2];
      },
      severity: 'high',
      inNamespace: 'medium',
    }),
} as const satisfies SystemRule;
