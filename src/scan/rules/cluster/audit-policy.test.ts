import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { auditPolicy } from './audit-policy.ts';

const audit = (...rules: readonly string[]): string =>
  `apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [${rules.join(', ')}]\n`;

const SECRETS =
  '{level: Metadata, resources: [{group: "", resources: [secrets, configmaps, serviceaccounts/token]}, {group: authentication.k8s.io, resources: [tokenreviews]}]}';

testRule(auditPolicy, {
  fails: [
    ['secrets left out', audit('{level: None, resources: [{group: "", resources: [secrets]}]}', '{level: Metadata}'), 'medium'],
    ['only secrets', audit(SECRETS), 'medium'],
    ['bodies of secrets', audit('{level: RequestResponse}'), 'high'],
  ],
  passes: [
    ['metadata of everything', audit(SECRETS, '{level: Metadata}')],
    ['one component left out', audit('{level: None, users: ["system:kube-proxy"]}', SECRETS, '{level: Metadata}')],
    ['bodies of pods only', audit('{level: RequestResponse, resources: [{group: "", resources: [pods]}]}', '{level: Metadata}')],
  ],
});
