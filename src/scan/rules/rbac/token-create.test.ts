import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { tokenCreate } from './token-create.ts';

testRule(tokenCreate, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'high'],
    ['of any account', role(rule('', 'serviceaccounts/token', 'create')) + bind(), 'high'],
  ],
  passes: [
    ['of one account', role(rule('', 'serviceaccounts/token', 'create', ', resourceNames: [x]')) + bind()],
    ['accounts, without tokens', role(rule('', 'serviceaccounts', 'create')) + bind()],
  ],
});
