import { networking, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { DEPRECATED_FIELD_ANALYZER } from './deprecated-field.ts';

const route = (more: string): string =>
  networking('VirtualService', 'web', `{ hosts: [web], http: [{ route: [{ destination: { host: web } }], ${more} }] }`);

testAnalyzer(DEPRECATED_FIELD_ANALYZER, {
  fails: [
    ['origins of CORS', [route('corsPolicy: { allowOrigin: [https://a.example.com] }')], 'Deprecated'],
    ['a share of faults', [route('fault: { abort: { percent: 10, httpStatus: 503 } }')], 'Deprecated'],
    [
      'errors in a subset',
      [
        networking(
          'DestinationRule',
          'web',
          '{ host: web, subsets: [{ name: v1, trafficPolicy: { outlierDetection: { consecutiveErrors: 5 } } }] }',
        ),
      ],
      'Deprecated',
    ],
    [
      'the proxy for calls outside',
      [networking('Sidecar', 'web', '{ outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: { host: e } } }')],
      'Deprecated',
    ],
  ],
  passes: [
    [
      'what took their place',
      [
        route(
          'corsPolicy: { allowOrigins: [{ exact: https://a.example.com }] }, fault: { abort: { percentage: { value: 10 }, httpStatus: 503 } }',
        ),
      ],
    ],
    [
      'errors of today',
      [networking('DestinationRule', 'web', '{ host: web, trafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } } }')],
    ],
  ],
});
