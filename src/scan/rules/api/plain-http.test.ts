import { api, OK } from '../../../../test/fakes/openapi.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { PLAIN_HTTP } from './plain-http.ts';

testRule(PLAIN_HTTP, {
  fails: [
    [
      'server',
      api({ '/a': { get: OK } }, { servers: [{ url: 'https://api.acme.com' }, { url: 'http://api.acme.com' }] }),
      'medium',
    ],
    [
      'Swagger 2',
      { 'o.yaml': 'swagger: "2.0"\ninfo: {title: t}\nhost: api.acme.com\nschemes: [http, https]\npaths: {}' },
      'medium',
    ],
    [
      'token endpoint',
      api(
        {},
        {
          components: {
            securitySchemes: {
              o: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'http://login.acme.com/token', scopes: {} } } },
            },
          },
        },
      ),
      'high',
    ],
  ],
  passes: [
    [
      'this machine and the cluster',
      api(
        {},
        {
          servers: [
            { url: 'http://localhost:80' },
            { url: 'http://cart.shop.svc:80' },
            { url: '/v1' },
            { url: 'http://{host}/', variables: { host: { default: 'localhost' } } },
          ],
        },
      ),
    ],
    ['HTTPS', api({ '/a': { get: OK } }, { servers: [{ url: 'https://api.acme.com' }] })],
  ],
});
