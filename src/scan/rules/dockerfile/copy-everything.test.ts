import { docker, from } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { COPY_ALL } from './copy-everything.ts';

testRule(COPY_ALL, {
  fails: [['no ignore file', from('COPY . .'), 'low']],
  passes: [
    ['with one', { ...from('COPY . .'), '.dockerignore': '.git\n' }],
    ['one above', { 'svc/Dockerfile': 'FROM node:24\nCOPY . .', '.dockerignore': '.git\n' }],
    ['from a stage', docker('FROM node:24 AS b', 'FROM node:24', 'COPY --from=b . .')],
  ],
});
