import { networking, pod, POD, SERVICE, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { DESTINATION_RULE_SUBSETS_ANALYZER } from './destination-rule-subset.ts';

const rule = (host: string, version: string): string =>
  networking(
    'DestinationRule',
    'r',
    `{ host: ${host}${version === '' ? '' : `, subsets: [{ name: ${version}, labels: { version: ${version} } }]`} }`,
  );

testAnalyzer(DESTINATION_RULE_SUBSETS_ANALYZER, {
  fails: [
    ['a host that is misspelled', [POD, SERVICE, rule('wbe', '')], 'UnknownDestinationRuleHost'],
    ['a version that does not run', [POD, SERVICE, rule('web', 'v2')], 'DestinationRuleSubsetNotSelectPods'],
  ],
  passes: [
    ['a version that runs', [pod('web', 'app: web, version: v2'), SERVICE, rule('web', 'v2')]],
    ['by its full name', [POD, SERVICE, rule('web.shop.svc.cluster.local', '')]],
    [
      'a host outside',
      [
        networking('ServiceEntry', 'pay', '{ hosts: [pay.example.com], ports: [{ number: 443, name: tls, protocol: TLS }] }'),
        rule('pay.example.com', ''),
      ],
    ],
    ['every host', [rule('"*.local"', '')]],
  ],
});
