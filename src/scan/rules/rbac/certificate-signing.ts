import { permits, verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

const GROUP = 'certificates.k8s.io';
const CLIENT = 'kubernetes.io/kube-apiserver-client';

export const certificateSigning = {
  id: 'rbac.certificate-signing',
  name: 'Signs client certificates',
  severity: 'high',
  cwe: [269, 295],
  why: 'Whoever approves requests of the signer `kubernetes.io/kube-apiserver-client` makes a certificate for any user of the cluster, which nothing revokes before it expires.',
  help: 'Name the signer that is needed in `resourceNames` of `signers`; never the one of API server clients.',
  references: [RBAC_GOOD_PRACTICE, 'https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/'],
  tags: ['cis-k8s:5.1.11', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule, role) => {
        const approves = verbsOn(rule, GROUP, 'certificatesigningrequests/approval', ['update', 'patch']).length > 0;
        const signs = verbsOn(rule, GROUP, 'certificatesigningrequests/status', ['update', 'patch']).length > 0;
        if (!approves && !signs) return undefined;
        const verb = approves ? 'approve' : 'sign';
        const signer = role.rules.some((each) =>
          [CLIENT, 'kubernetes.io/*'].some((name) => permits(each, { verb, group: GROUP, resource: 'signers', name })),
        );
        return signer ? `${verb} client certificates of any user` : undefined;
      },
      severity: 'high',
      inNamespace: 'low',
    }),
} as const satisfies SystemRule;
