import { bind } from '../../../../test/fakes/rbac.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { masters } from './masters.ts';

testRule(masters, {
  fails: [['bound once more', bind('{kind: Group, name: "system:masters"}', 'view'), 'medium']],
  passes: [
    ['a group of a similar name', bind('{kind: Group, name: "acme:masters"}', 'view')],
    ['a user of the name', bind('{kind: User, name: "system:masters"}', 'view')],
  ],
});
