import { deployment } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { resources } from './resources.ts';

testRule(resources, {
  fails: [['no limits', deployment(''), 'info']],
  passes: [
    ['a limit of memory', deployment('resources: {limits: {memory: 1Gi}}')],
    ['a LimitRange', `${deployment('')}---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: shop}\nspec: {}\n`],
  ],
});
