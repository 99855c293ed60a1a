import { deployment, HARD, namespace } from '../../../../test/fakes/pods.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hardening } from './hardening.ts';

testRule(hardening, {
  fails: [['nothing set', deployment(''), 'low']],
  passes: [
    ['everything set', deployment(HARD)],
    ['told by the namespace', deployment('') + namespace('pod-security.kubernetes.io/enforce: restricted')],
  ],
});
