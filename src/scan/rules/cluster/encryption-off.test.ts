import { GOOD_API, server, without } from '../../../../test/fakes/cluster.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { encryptionOff } from './encryption-off.ts';

testRule(encryptionOff, {
  fails: [['no provider', without('encryption-provider-config'), 'medium']],
  passes: [
    ['a provider', server('kube-apiserver', ...GOOD_API)],
    ['of another program', server('kube-scheduler', '--profiling=false')],
  ],
});
