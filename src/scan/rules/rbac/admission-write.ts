import { verbsOn } from '../../rbac/permits.ts';
import type { SystemRule } from '../../rule.ts';
import { RBAC_GOOD_PRACTICE, roleHits } from './role-hits.ts';

const GROUP = 'admissionregistration.k8s.io';
const KINDS = [
  'mutatingwebhookconfigurations',
  'mutatingadmissionpolicies',
  'validatingwebhookconfigurations',
  'validatingadmissionpolicies',
];
const WRITES = ['create', 'update', 'patch', 'delete'];

export const webhooks = {
  id: 'rbac.admission-write',
  name: 'Changes admission',
  severity: 'medium',
  cwe: [269],
  why: 'A webhook sees every object that is written, secrets included, and a mutating one changes them: whoever writes such configurations reads and rewrites what others deploy, or switches the checks off.',
  help: 'Name the configurations that the controller owns in `resourceNames`.',
  references: [RBAC_GOOD_PRACTICE],
  tags: ['cis-k8s:5.1.12', 'nsa-k8s:auth'],
  check: (context) =>
    roleHits(context, {
      can: (rule) => {
        if (rule.resourceNames.length > 0) return undefined;
        const kind = KINDS.find((each) => verbsOn(rule, GROUP, each, WRITES).length > 0);
        return kind && `write ${kind}`;
      },
      severity: 'medium',
      inNamespace: 'low',
    }),
} as const satisfies SystemRule;
