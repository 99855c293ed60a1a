import { service, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { SERVICE_PORT_NAME_ANALYZER } from './service-port-name.ts';

testAnalyzer(SERVICE_PORT_NAME_ANALYZER, {
  fails: [
    ['no name', [service('web', '{ ports: [{ port: 80 }] }')], 'PortNameIsNotUnderNamingConvention'],
    ['a name that says nothing', [service('web', '{ ports: [{ port: 80, name: main }] }')], 'PortNameIsNotUnderNamingConvention'],
    [
      'a name that only begins like a protocol',
      [service('web', '{ ports: [{ port: 80, name: httpx }] }')],
      'PortNameIsNotUnderNamingConvention',
    ],
    [
      'TCP to a host outside',
      [service('pay', '{ type: ExternalName, externalName: pay.example.com, ports: [{ port: 443, name: tcp }] }')],
      'ExternalNameServiceTypeInvalidPortName',
    ],
  ],
  passes: [
    ['by the name', [service('web', '{ ports: [{ port: 80, name: http-main }] }')]],
    ['by `appProtocol`', [service('web', '{ ports: [{ port: 80, name: main, appProtocol: http }] }')]],
    [
      'TLS to a host outside',
      [service('pay', '{ type: ExternalName, externalName: pay.example.com, ports: [{ port: 443, name: https }] }')],
    ],
  ],
});
