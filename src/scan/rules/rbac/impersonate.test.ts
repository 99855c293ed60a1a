import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { impersonate } from './impersonate.ts';

testRule(impersonate, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['users', role(rule('', 'users', 'impersonate')) + bind(), 'high'],
    ['groups', role(rule('', 'groups', 'impersonate')) + bind(), 'high'],
  ],
  passes: [
    ['nobody', role(rule('', 'users', 'get')) + bind()],
    ['one account', role(rule('', 'serviceaccounts', 'impersonate', ', resourceNames: [cart]')) + bind()],
  ],
});
