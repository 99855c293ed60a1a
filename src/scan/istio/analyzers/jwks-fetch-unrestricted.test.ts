import { object, security, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { BLOCKED_CIDRS_ANALYZER } from './jwks-fetch-unrestricted.ts';

const istiod = (env: string): string =>
  object(
    'apps/v1',
    'Deployment',
    'name: istiod, namespace: istio-system, labels: { app: istiod }',
    `spec: { template: { metadata: { labels: { app: istiod } }, spec: { containers: [{ name: discovery, image: pilot, env: [${env}] }] } } }`,
  );
const USERS = security('RequestAuthentication', 'users', '{ jwtRules: [{ issuer: i, jwksUri: "https://i/keys" }] }');

testAnalyzer(BLOCKED_CIDRS_ANALYZER, {
  fails: [['any address', [istiod(''), USERS], 'JwksUriFetchUnrestricted']],
  passes: [
    ['private ranges blocked', [istiod('{ name: BLOCKED_CIDRS_IN_JWKS_URIS, value: "10.0.0.0/8" }'), USERS]],
    ['no keys to fetch', [istiod('')]],
  ],
});
