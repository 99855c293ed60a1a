import { istio } from '../../../../test/fakes/mesh-settings.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { envoyFilterWeakens } from './envoy-filter-weakens.ts';

const patch = (where: string, match: string, body: string): string =>
  istio('EnvoyFilter', `{ configPatches: [{ applyTo: ${where}, match: ${match}, patch: ${body} }] }`);

const http = (name: string): string =>
  `{ listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: ${name} } } } } }`;

testRule(envoyFilterWeakens, {
  fails: [
    ['authorization', [patch('HTTP_FILTER', http('envoy.filters.http.rbac'), '{ operation: REMOVE }')], 'high'],
    ['tokens', [patch('HTTP_FILTER', http('envoy.filters.http.jwt_authn'), '{ operation: REMOVE }')], 'high'],
    ['every filter', [patch('NETWORK_FILTER', '{ context: GATEWAY }', '{ operation: REMOVE }')], 'high'],
    [
      'paths',
      [patch('NETWORK_FILTER', '{}', '{ operation: MERGE, value: { typed_config: { normalize_path: false } } }')],
      'medium',
    ],
  ],
  passes: [
    ['a filter for statistics', [patch('HTTP_FILTER', http('istio.stats'), '{ operation: REMOVE }')]],
    [
      'paths, tidied',
      [
        patch(
          'NETWORK_FILTER',
          '{}',
          '{ operation: MERGE, value: { typed_config: { normalize_path: true, merge_slashes: true } } }',
        ),
      ],
    ],
    [
      'a filter more',
      [patch('HTTP_FILTER', http('envoy.filters.http.rbac'), '{ operation: INSERT_BEFORE, value: { name: x } }')],
    ],
  ],
});
