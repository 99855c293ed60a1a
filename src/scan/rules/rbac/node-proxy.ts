import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

export const nodeProxy = {
  id: 'rbac.node-proxy',
  name: 'Talks to kubelets',
  severity: 'high',
  cwe: [269],
  why: 'Through `nodes/proxy` the API of the kubelet answers, past admission and audit: it runs commands in every pod of the node. A websocket begins with GET, so `get` is enough for that.',
  help: 'Ask for `nodes/metrics` and `nodes/stats` instead, which is what monitoring reads.',
  references: [RBAC_GOOD_PRACTICE, 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/'],
  tags: ['cis-k8s:5.1.10', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) =>
        verbsOn(rule, '', 'nodes/proxy', ['create', 'get']).length > 0 ? 'run commands by the kubelets of all nodes' : undefined,
      severityOf: (rule) => (verbsOn(rule, '', 'nodes/proxy', ['create']).length > 0 ? 'high' : 'medium'),
      severity: 'high',
      inNamespace: 'low',
    }),
} as const satisfies SystemRule;
