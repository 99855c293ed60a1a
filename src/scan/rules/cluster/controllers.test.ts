import { server } from '../../../../test/fakes/cluster.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { controllers } from './controllers.ts';

testRule(controllers, {
  fails: [['profiling, on every address', server('kube-scheduler', '--bind-address=0.0.0.0'), 'low', 'low']],
  passes: [
    ['on this machine, without profiling', server('kube-scheduler', '--profiling=false', '--bind-address=127.0.0.1')],
    ['another program', server('kube-proxy', '--bind-address=0.0.0.0')],
  ],
});
