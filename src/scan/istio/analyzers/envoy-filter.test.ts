import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { ENVOY_FILTER_ANALYZER } from './envoy-filter.ts';

const filter = (where: string, operation: string, match = '', more = ''): string =>
  networking(
    'EnvoyFilter',
    'f',
    `{ ${more}configPatches: [{ applyTo: ${where}${match}, patch: { operation: ${operation}, value: { name: x } } }] }`,
  );

testAnalyzer(ENVOY_FILTER_ANALYZER, {
  fails: [
    ['beside a filter that may not be there', [filter('HTTP_FILTER', 'INSERT_BEFORE')], 'EnvoyFilterUsesRelativeOperation'],
    [
      'for one version of the proxy',
      [filter('HTTP_FILTER', 'REMOVE', ', match: { proxy: { proxyVersion: "^1.27.*" } }')],
      'EnvoyFilterUsesRelativeOperationWithProxyVersion',
    ],
    ['adding to routes', [filter('HTTP_ROUTE', 'ADD')], 'EnvoyFilterUsesAddOperationIncorrectly'],
    ['taking routes away', [filter('ROUTE_CONFIGURATION', 'REMOVE')], 'EnvoyFilterUsesRemoveOperationIncorrectly'],
    ['another cluster in its place', [filter('CLUSTER', 'REPLACE')], 'EnvoyFilterUsesReplaceOperationIncorrectly'],
  ],
  passes: [
    ['in front of everything', [filter('HTTP_FILTER', 'INSERT_FIRST')]],
    ['ordered by a priority', [filter('HTTP_FILTER', 'INSERT_BEFORE', '', 'priority: 10, ')]],
    ['merged into a cluster', [filter('CLUSTER', 'MERGE')]],
  ],
});
