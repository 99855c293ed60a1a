import { metadata, realm } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PLAIN_SERVER } from './http-endpoint.ts';

testRule(PLAIN_SERVER, {
  fails: [
    ['realm', realm({}, { sslRequired: 'none' }), 'high'],
    ['endpoint', metadata({ token_endpoint: 'http://login.acme.com/token' }), 'high'],
  ],
  passes: [
    ['TLS', { ...realm(), 'b.json': metadata({ jwks_uri: 'http://keycloak.auth.svc:8080/certs' })['a.json']! }],
    ['demanded from outside', realm({}, { sslRequired: 'external' })],
  ],
});
