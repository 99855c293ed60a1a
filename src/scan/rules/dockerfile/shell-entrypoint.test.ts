import { docker, from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { SHELL_FORM } from './shell-entrypoint.ts';

testRule(SHELL_FORM, {
  fails: [
    ['shell', from('ENTRYPOINT node a.js'), 'info'],
    ['over that of the stage before', docker('FROM node:24 AS a', 'ENTRYPOINT ["a"]', 'FROM a', 'ENTRYPOINT node a.js'), 'info'],
  ],
  passes: [
    ['JSON, or exec', docker('FROM node:24 AS a', 'ENTRYPOINT node a.js', 'FROM node:24', 'ENTRYPOINT ["node", "a.js"]')],
    ['handed over by exec', from('ENTRYPOINT exec node a.js')],
  ],
});
