import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { VIRTUAL_SERVICE_SUBSET_ANALYZER } from './virtual-service-subset.ts';

const ROUTE = networking(
  'VirtualService',
  'web',
  '{ hosts: [web], http: [{ route: [{ destination: { host: web, subset: v2 } }] }] }',
);
const rule = (host: string, subset: string): string =>
  networking('DestinationRule', 'r', `{ host: ${host}, subsets: [{ name: ${subset}, labels: { version: ${subset} } }] }`);

testAnalyzer(VIRTUAL_SERVICE_SUBSET_ANALYZER, {
  fails: [
    ['nobody declares it', [ROUTE], 'ReferencedResourceNotFound'],
    ['another is declared', [ROUTE, rule('web', 'v1')], 'ReferencedResourceNotFound'],
    ['declared for another host', [ROUTE, rule('cart', 'v2')], 'ReferencedResourceNotFound'],
  ],
  passes: [
    ['declared', [ROUTE, rule('web.shop.svc.cluster.local', 'v2')]],
    ['declared for every host', [ROUTE, rule('"*.shop.svc.cluster.local"', 'v2')]],
    [
      'none asked for',
      [networking('VirtualService', 'web', '{ hosts: [web], http: [{ route: [{ destination: { host: web } }] }] }')],
    ],
  ],
});
