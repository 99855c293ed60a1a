import { GOOD_API, server, without } from '../../../../test/fakes/cluster.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { auditLog } from './audit-log.ts';

testRule(auditLog, {
  fails: [
    ['no log', without('audit-log-path'), 'medium'],
    ['kept for three days', server('kube-apiserver', ...GOOD_API, '--audit-log-maxage=3'), 'low'],
  ],
  passes: [
    ['kept for ever', server('kube-apiserver', ...GOOD_API)],
    ['kept for a month', server('kube-apiserver', ...GOOD_API, '--audit-log-maxage=30')],
  ],
});
