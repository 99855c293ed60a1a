import { ACCOUNT, bind, bindIn, pod, role, SECRETS } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { automount } from './automount.ts';

const account = (more = ''): string =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart, namespace: shop}\n${more}---\n`;

testRule(automount, {
  fails: [
    ['of an account that reads secrets', role(SECRETS) + bind() + pod(), 'low'],
    ['of an account that reads secrets of its namespace', role(SECRETS) + bindIn() + pod(), 'info'],
    ['of an account that may do nothing', pod(), 'info'],
  ],
  passes: [
    ['switched off in the pod', role(SECRETS) + bind() + pod('automountServiceAccountToken: false, ')],
    ['switched off in the account', role(SECRETS) + bind() + account('automountServiceAccountToken: false\n') + pod()],
    ['of an account that needs it', bindIn(ACCOUNT, 'view') + pod()],
  ],
});
