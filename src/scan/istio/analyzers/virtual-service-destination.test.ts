import { networking, SERVICE, service, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { VIRTUAL_SERVICE_DESTINATION_ANALYZER } from './virtual-service-destination.ts';

const route = (destination: string, more = '', name = 'web'): string =>
  networking('VirtualService', name, `{ hosts: [web]${more}, http: [{ route: [{ destination: { ${destination} } }] }] }`);

testAnalyzer(VIRTUAL_SERVICE_DESTINATION_ANALYZER, {
  fails: [
    ['a host that is misspelled', [SERVICE, route('host: wbe')], 'ReferencedResourceNotFound'],
    ['a port that it has not', [SERVICE, route('host: web, port: { number: 8080 }')], 'ReferencedResourceNotFound'],
    [
      'which of two ports',
      [service('web', '{ ports: [{ port: 80, name: http }, { port: 90, name: grpc }] }'), route('host: web')],
      'VirtualServiceDestinationPortSelectorRequired',
    ],
    [
      'a subset that holds for sidecars only',
      [SERVICE, route('host: web, subset: v1'), route('host: web', ', gateways: [edge]', 'edge')],
      'IngressRouteRulesNotAffected',
    ],
  ],
  passes: [
    ['the only port', [SERVICE, route('host: web')]],
    ['by its full name and port', [SERVICE, route('host: web.shop.svc.cluster.local, port: { number: 80 }')]],
    [
      'a host outside',
      [
        networking('ServiceEntry', 'pay', '{ hosts: [pay.example.com], ports: [{ number: 443, name: tls, protocol: TLS }] }'),
        route('host: pay.example.com'),
      ],
    ],
  ],
});
