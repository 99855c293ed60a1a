import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { admissionPolicy } from './admission-policy.ts';

const policy = (spec = 'failurePolicy: Fail'): string =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: v}\nspec: {${spec}}\n---\n`;

const binding = (more = ''): string =>
  `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\nspec: {policyName: v, validationActions: [Deny]${more}}\n`;

testRule(admissionPolicy, {
  fails: [
    ['not bound', policy(), 'low'],
    ['fails open', policy('failurePolicy: Ignore') + binding(), 'medium'],
    ['only warns', policy() + binding().replace('[Deny]', '[Warn]'), 'low'],
    ['missing parameters allow', policy() + binding(', paramRef: {name: p, parameterNotFoundAction: Allow}'), 'medium'],
  ],
  passes: [
    ['bound and denying', policy() + binding()],
    ['audited beside', policy() + binding().replace('[Deny]', '[Deny, Audit]')],
  ],
});
