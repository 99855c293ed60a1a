import { networking, pod, security, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { VIRTUAL_SERVICE_JWT_ANALYZER } from './virtual-service-jwt.ts';

const EDGE = pod('edge', 'app: edge');
const GATEWAY = networking(
  'Gateway',
  'edge',
  '{ selector: { app: edge }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }',
);
const route = (header: string): string =>
  networking(
    'VirtualService',
    'www',
    `{ hosts: ["*"], gateways: [edge], http: [{ match: [{ headers: { "${header}": { exact: admin } } }], route: [{ destination: { host: web } }] }] }`,
  );
const ROUTE = route('@request.auth.claims.groups');
const verified = (labels: string): string =>
  security(
    'RequestAuthentication',
    'users',
    `{ selector: { matchLabels: { ${labels} } }, jwtRules: [{ issuer: i, jwksUri: "https://i/keys" }] }`,
  );

testAnalyzer(VIRTUAL_SERVICE_JWT_ANALYZER, {
  fails: [
    ['nothing verifies', [EDGE, GATEWAY, ROUTE], 'JwtClaimBasedRoutingWithoutRequestAuthN'],
    ['verified at another workload', [EDGE, GATEWAY, ROUTE, verified('app: web')], 'JwtClaimBasedRoutingWithoutRequestAuthN'],
  ],
  passes: [
    ['verified at the gateway', [EDGE, GATEWAY, ROUTE, verified('app: edge')]],
    ['a header like any other', [EDGE, GATEWAY, route('x-group')]],
  ],
});
