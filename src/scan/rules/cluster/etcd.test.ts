import { server } from '../../../../test/fakes/cluster.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { etcd } from './etcd.ts';

const GOOD_ETCD = ['--client-cert-auth=true', '--cert-file=/c.pem', '--listen-client-urls=https://10.0.0.1:2379'];

testRule(etcd, {
  fails: [
    [
      'open to the network, without certificates',
      server('etcd', '--client-cert-auth=false', '--cert-file=/c', '--listen-client-urls=http://0.0.0.0:2379'),
      'critical',
      'high',
    ],
  ],
  passes: [
    ['certificates demanded', server('etcd', ...GOOD_ETCD)],
    ['plain on this machine only', server('etcd', ...GOOD_ETCD.slice(0, 2), '--listen-client-urls=http://127.0.0.1:2379')],
  ],
});
