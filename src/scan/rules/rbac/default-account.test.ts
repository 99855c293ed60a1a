import { ACCOUNT, bindIn } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { defaultAccount } from './default-account.ts';

testRule(defaultAccount, {
  fails: [['may view', bindIn('{kind: ServiceAccount, name: default}', 'view'), 'medium']],
  passes: [
    ['an account of its own', bindIn(ACCOUNT, 'view')],
    ['nobody', bindIn('{kind: User, name: default}', 'view')],
  ],
});
