import { istio } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { serviceEntryWide } from './service-entry-wide.ts';

const entry = (spec: string): string =>
  istio('ServiceEntry', `{ ports: [{ number: 443, name: tls, protocol: TLS }], resolution: NONE, ${spec} }`);

const other =
  'apiVersion: v1\nkind: Service\nmetadata: { name: pay, namespace: bank }\nspec: { ports: [{ port: 80, name: http }] }\n';

testRule(serviceEntryWide, {
  fails: [
    ['every host', [entry('hosts: ["*"]')], 'medium'],
    ['a top level', [entry('hosts: ["*.com"]')], 'medium'],
    ['every address', [entry('hosts: [x.example.com], addresses: ["0.0.0.0/0"]')], 'medium'],
    ['the Service of another', [entry('hosts: [pay.bank.svc.cluster.local]'), other], 'medium'],
  ],
  passes: [
    ['a domain', [entry('hosts: ["*.googleapis.com"]')]],
    ['a host', [entry('hosts: [api.example.com]')]],
    ['one network', [entry('hosts: [x.example.com], addresses: ["203.0.113.0/24"]')]],
  ],
});
