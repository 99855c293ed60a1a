import { DIGEST, docker } from '../../../../test/fakes/dockerfile.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { NO_DIGEST } from './no-digest.ts';

testRule(NO_DIGEST, {
  fails: [['tag alone', docker('FROM node:24'), 'low']],
  passes: [
    ['digest', docker(`FROM node:24${DIGEST}`)],
    ['told by the rule about tags', docker('FROM node:latest')],
    ['nothing', docker('FROM scratch')],
  ],
});
