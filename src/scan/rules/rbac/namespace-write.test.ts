import { bind, role, rule } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { namespaceWrite } from './namespace-write.ts';

testRule(namespaceWrite, {
  fails: [
    ['everything of the core group', role(rule('', '"*"', '"*"')) + bind(), 'medium'],
    ['changing namespaces', role(rule('', 'namespaces', 'patch')) + bind(), 'medium'],
  ],
  passes: [
    ['reading namespaces', role(rule('', 'namespaces', 'get, list, watch')) + bind()],
    ['one namespace by its name', role(rule('', 'namespaces', 'patch', ', resourceNames: [shop]')) + bind()],
  ],
});
