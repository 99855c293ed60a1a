import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { VIRTUAL_SERVICE_HOSTS_ANALYZER } from './virtual-service-hosts.ts';

const route = (name: string, hosts: string, more = ''): string =>
  networking('VirtualService', name, `{ hosts: ${hosts}${more}, http: [{ route: [{ destination: { host: web } }] }] }`);

testAnalyzer(VIRTUAL_SERVICE_HOSTS_ANALYZER, {
  fails: [
    [
      'one host twice',
      [route('a', '[web]'), route('b', '[web.shop.svc.cluster.local]')],
      'ConflictingMeshGatewayVirtualServiceHosts',
      'ConflictingMeshGatewayVirtualServiceHosts',
    ],
    [
      'two patterns, one in the other',
      [route('a', '["*.example.com"]'), route('b', '["*.eu.example.com"]')],
      'ConflictingMeshGatewayVirtualServiceHosts',
      'ConflictingMeshGatewayVirtualServiceHosts',
    ],
  ],
  passes: [
    ['a host each', [route('a', '[web]'), route('b', '[cart]')]],
    ['one of them at a gateway only', [route('a', '[web]'), route('b', '[web]', ', gateways: [edge]')]],
    ['each for its own namespace', [route('a', '[web]', ', exportTo: [bank]'), route('b', '[web]', ', exportTo: [blog]')]],
  ],
});
