import { yaml } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { TOKEN_CLAIMS } from './token-claims-unchecked.ts';

const bootstrap = (providers: string): string =>
  `static_resources: {listeners: [{filter_chains: [{filters: [{typed_config: {http_filters: [{name: jwt, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication, providers: ${providers}}}]}}]}]}]}`;

testRule(TOKEN_CLAIMS, {
  fails: [
    ['keys alone', { 'application.yml': 'spring.security.oauth2.resourceserver.jwt: {jwk-set-uri: "https://i/jwks"}' }, 'medium'],
    [
      'properties',
      { 'application.properties': 'spring.security.oauth2.resourceserver.jwt.public-key-location=classpath:key.pub\n' },
      'medium',
    ],
    [
      'Envoy',
      { 'envoy.yaml': bootstrap('{id: {remote_jwks: {}, audiences: [a]}, other: {issuer: "https://i", audiences: [a]}}') },
      'medium',
    ],
    [
      'Envoy in a ConfigMap',
      yaml(
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  envoy.yaml: |\n    ${bootstrap('{id: {issuer: "https://i"}}')}\n`,
      ),
      'medium',
    ],
  ],
  passes: [
    [
      'keys and issuer',
      {
        'application.yml': 'spring.security.oauth2.resourceserver.jwt: {jwk-set-uri: "https://i/jwks", issuer-uri: "https://i"}',
      },
    ],
    [
      'issuer alone, which brings its keys',
      { 'application.yml': 'spring.security.oauth2.resourceserver.jwt: {issuer-uri: "https://i"}' },
    ],
  ],
});
