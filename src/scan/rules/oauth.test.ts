import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hitsInFiles, systemOfFiles, testRules } from '../../../test/fakes/scan-files.ts';
import type { Files, RuleCase } from '../../../test/fakes/scan-files.ts';
import { TEST_NOW } from '../../../test/fakes/scan.ts';
import { OAUTH_RULES } from './oauth.ts';
import { ID_TOKEN_RESPONSE, IMPLICIT_GRANT, PASSWORD_GRANT } from './oauth/grants.ts';
import { INTROSPECTION } from './oauth/introspection.ts';
import { PKCE_MISSING, PKCE_PLAIN } from './oauth/pkce.ts';
import { ANY_ORIGIN, FOREIGN_REDIRECT, PLAIN_REDIRECT, WILDCARD_REDIRECT } from './oauth/redirects.ts';
import { OLD_SECRET, SECRET_IN_DOCUMENT } from './oauth/secrets.ts';
import {
  LONG_TOKEN,
  NO_BRUTE_FORCE,
  NO_ISSUER_IN_RESPONSE,
  NO_ROTATION,
  OPEN_REGISTRATION,
  PLAIN_SERVER,
  WEAK_ALGORITHM,
} from './oauth/server.ts';
import { TOKEN_CLAIMS } from './oauth/token-claims.ts';
import { VALIDATION_OFF } from './oauth/validation.ts';

const json = (value: object): Files => ({ 'a.json': JSON.stringify(value, null, 1) });
const metadata = (more: object = {}): Files =>
  json({
    issuer: 'https://login.acme.com',
    authorization_endpoint: 'https://login.acme.com/authorize',
    token_endpoint: 'https://login.acme.com/token',
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...more,
  });
const client = (more: object = {}): Files => json({ client_id: 'web', redirect_uris: ['https://a.acme.com/cb'], ...more });
const redirects = (...uris: readonly string[]): Files => client({ redirect_uris: uris });
const POLICY = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';
const realm = (member: object = {}, more: object = {}): Files =>
  json({
    realm: 'shop',
    sslRequired: 'external',
    clients: [{ clientId: 'web', attributes: { 'pkce.code.challenge.method': 'S256' }, ...member }],
    ...more,
  });
const anonymous = (...policies: readonly object[]): Files =>
  realm({}, { components: { [POLICY]: policies.map((one) => ({ subType: 'anonymous', ...one })) } });
const yaml = (text: string): Files => ({ 'a.yaml': text });
const bootstrap = (providers: string): string =>
  `static_resources: {listeners: [{filter_chains: [{filters: [{typed_config: {http_filters: [{name: jwt, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication, providers: ${providers}}}]}}]}]}]}`;
const seconds = (days: number): number => Math.floor(TEST_NOW / 1000) - days * 86_400;

const proxy = (...args: readonly string[]): Files =>
  yaml(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: login}
spec:
  selector: {matchLabels: {app: login}}
  template:
    metadata: {labels: {app: login}}
    spec:
      initContainers: [{name: i, image: 'b:1'}]
      containers: [{name: p, image: 'quay.io/oauth2-proxy/oauth2-proxy:v7.8', args: ${JSON.stringify(['--client-id=x', ...args])}}]
`);

const variables = (...pairs: readonly string[]): Files =>
  yaml(
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: 'a:1', env: ${JSON.stringify(
      pairs.map((pair) => ({ name: pair.split('=')[0], value: pair.slice(pair.indexOf('=') + 1) })),
    )}}]}`,
  );

const CASES: readonly RuleCase[] = [
  [IMPLICIT_GRANT, 'RFC 7591 grant', client({ grant_types: ['implicit'] }), 'high'],
  [IMPLICIT_GRANT, 'response type', client({ response_types: ['code', 'id_token token'] }), 'high'],
  [IMPLICIT_GRANT, 'Keycloak client', realm({ implicitFlowEnabled: true }), 'high'],
  [
    IMPLICIT_GRANT,
    'Okta',
    json({ label: 'w', signOnMode: 'OPENID_CONNECT', settings: { oauthClient: { grant_types: ['implicit'] } } }),
    'high',
  ],
  [IMPLICIT_GRANT, 'server', metadata({ response_types_supported: ['code', 'token'] }), 'medium'],
  [IMPLICIT_GRANT, 'by a variable', variables('OIDC_RESPONSE_TYPE=id_token token'), 'high'],
  [IMPLICIT_GRANT, 'variables of other things', variables('RESPONSE_TYPE=token', 'OIDC_RESPONSE_TYPE=code')],
  [PKCE_MISSING, 'by a variable', variables('OAUTH_USE_PKCE=false'), 'medium'],
  [PKCE_MISSING, 'a variable that demands it', variables('OAUTH_USE_PKCE=true')],
  [WILDCARD_REDIRECT, 'by a variable', variables('OAUTH_REDIRECT_URI=https://*.acme.com/cb'), 'high'],
  [
    IMPLICIT_GRANT,
    'API document',
    yaml(
      'openapi: 3.0.0\ninfo: {title: t}\npaths: {}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {authorizationUrl: "https://a", scopes: {}}}}}}',
    ),
    'medium',
  ],
  [
    IMPLICIT_GRANT,
    'switched off, or a client that is',
    realm({ enabled: false, implicitFlowEnabled: true }, { clients: [{ clientId: 'b', implicitFlowEnabled: false }] }),
  ],
  [
    IMPLICIT_GRANT,
    'codes',
    {
      ...client({ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }),
      'b.json': metadata({ response_types_supported: ['code', 'code id_token'] })['a.json']!,
    },
  ],

  [ID_TOKEN_RESPONSE, 'id_token', client({ response_types: ['id_token'] }), 'medium'],
  [ID_TOKEN_RESPONSE, 'code', client({ response_types: ['code'] })],

  [PASSWORD_GRANT, 'Keycloak public client', realm({ directAccessGrantsEnabled: true, publicClient: true }), 'high'],
  [PASSWORD_GRANT, 'confidential', realm({ directAccessGrantsEnabled: true }), 'medium'],
  [
    PASSWORD_GRANT,
    'Spring',
    {
      'application.yml':
        'spring:\n  security:\n    oauth2:\n      client:\n        registration:\n          a:\n            client-id: a\n            authorization-grant-type: password\n',
    },
    'medium',
  ],
  [PASSWORD_GRANT, 'Auth0', client({ grant_types: ['http://auth0.com/oauth/grant-type/password-realm'] }), 'medium'],
  [
    PASSWORD_GRANT,
    'built-in and bearer only',
    json({
      realm: 'r',
      clients: [
        { clientId: 'admin-cli', directAccessGrantsEnabled: true },
        { clientId: 'api', bearerOnly: true, directAccessGrantsEnabled: true },
      ],
    }),
  ],

  [PKCE_MISSING, 'Keycloak public client', realm({ publicClient: true, attributes: {} }), 'high'],
  [PKCE_MISSING, 'server that says nothing', metadata({ code_challenge_methods_supported: undefined }), 'medium'],
  [PKCE_MISSING, 'oauth2-proxy', proxy('--redirect-url=https://a.test/oauth2/callback'), 'medium'],
  [
    PKCE_MISSING,
    'S256, service account',
    {
      ...realm(
        {},
        {
          clients: [
            { clientId: 'w', attributes: { 'pkce.code.challenge.method': 'S256' } },
            { clientId: 's', standardFlowEnabled: false, serviceAccountsEnabled: true },
          ],
        },
      ),
      'b.yaml': proxy('--code-challenge-method=S256')['a.yaml']!,
    },
  ],
  [PKCE_PLAIN, 'server', metadata({ code_challenge_methods_supported: ['S256', 'plain'] }), 'medium'],
  [PKCE_PLAIN, 'client', realm({ attributes: { 'pkce.code.challenge.method': 'plain' } }), 'medium'],
  [PKCE_PLAIN, 'S256', metadata()],

  [WILDCARD_REDIRECT, 'anywhere', redirects('*'), 'critical'],
  [WILDCARD_REDIRECT, 'any host', redirects('https://*.acme.com/cb'), 'high'],
  [WILDCARD_REDIRECT, 'any path', redirects('https://a.acme.com/*'), 'medium'],
  [WILDCARD_REDIRECT, 'on this machine', redirects('http://localhost:3000/*'), 'low'],
  [WILDCARD_REDIRECT, 'relative to its root', realm({ rootUrl: 'https://a.acme.com', redirectUris: ['/*'] }), 'medium'],
  [
    WILDCARD_REDIRECT,
    'exact, placeholders',
    {
      ...redirects('https://a.acme.com/cb', 'com.acme.app:/cb', 'http://127.0.0.1/cb'),
      'application.yml':
        'spring.security.oauth2.client.registration.a: {client-id: a, redirect-uri: "{baseUrl}/login/oauth2/code/{registrationId}"}',
    },
  ],

  [PLAIN_REDIRECT, 'http', redirects('http://a.acme.com/cb'), 'high'],
  [PLAIN_REDIRECT, 'inside', redirects('http://10.0.0.5/cb'), 'medium'],
  [
    PLAIN_REDIRECT,
    'Envoy Gateway',
    yaml(
      'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: o}\nspec: {oidc: {provider: {issuer: "https://i"}, clientID: a, redirectURL: "http://a.acme.com/oauth2/callback"}}',
    ),
    'high',
  ],
  [PLAIN_REDIRECT, 'loopback', redirects('http://localhost:3000/cb', 'http://[::1]:80/cb', 'http://127.0.0.1/cb')],
  [PLAIN_REDIRECT, 'looks like loopback', redirects('http://localhost.evil.com/cb'), 'high'],

  [FOREIGN_REDIRECT, 'tool', redirects('https://a.acme.com/cb', 'https://oauth.pstmn.io/v1/callback'), 'medium'],
  [FOREIGN_REDIRECT, 'sites of one owner', redirects('https://a.acme.com/cb', 'https://b.acme.com/cb', 'https://acme.de/cb')],
  [ANY_ORIGIN, 'star', realm({ webOrigins: ['*'] }), 'medium'],
  [ANY_ORIGIN, 'plus', realm({ webOrigins: ['+', 'https://a.acme.com'] })],

  [OPEN_REGISTRATION, 'no trusted hosts', anonymous({ providerId: 'max-clients' }), 'high'],
  [
    OPEN_REGISTRATION,
    'checks off',
    anonymous({
      providerId: 'trusted-hosts',
      config: { 'host-sending-registration-request-must-match': ['false'], 'client-uris-must-match': ['false'] },
    }),
    'high',
  ],
  [
    OPEN_REGISTRATION,
    'oidc-provider',
    json({ features: { registration: { enabled: true } }, clients: [{ client_id: 'a', redirect_uris: [] }] }),
    'high',
  ],
  [OPEN_REGISTRATION, 'endpoint', metadata({ registration_endpoint: 'https://login.acme.com/register' }), 'low'],
  [
    OPEN_REGISTRATION,
    'guarded',
    {
      ...anonymous({ providerId: 'trusted-hosts', config: { 'host-sending-registration-request-must-match': ['true'] } }),
      'b.json': JSON.stringify({
        features: { registration: { enabled: true, initialAccessToken: true } },
        clients: [{ client_id: 'a', redirect_uris: [] }],
      }),
    },
  ],

  [WEAK_ALGORITHM, 'none', metadata({ id_token_signing_alg_values_supported: ['RS256', 'none'] }), 'high'],
  [WEAK_ALGORITHM, 'HS256 alone', realm({}, { defaultSignatureAlgorithm: 'HS256' }), 'medium'],
  [WEAK_ALGORITHM, 'client', client({ id_token_signed_response_alg: 'HS256' }), 'medium'],
  [WEAK_ALGORITHM, 'HS256 beside RS256', metadata({ id_token_signing_alg_values_supported: ['RS256', 'HS256'] })],
  [NO_ISSUER_IN_RESPONSE, 'absent', metadata({ authorization_response_iss_parameter_supported: undefined }), 'low'],
  [NO_ISSUER_IN_RESPONSE, 'sent', metadata()],
  [NO_ROTATION, 'public client', realm({ publicClient: true }, { revokeRefreshToken: false }), 'medium'],
  [NO_ROTATION, 'Auth0', client({ refresh_token: { rotation_type: 'non-rotating' } }), 'medium'],
  [
    NO_ROTATION,
    'confidential clients, or rotated',
    {
      ...realm({}, { revokeRefreshToken: false }),
      'b.json': realm({ publicClient: true }, { realm: 'b', revokeRefreshToken: true })['a.json']!,
    },
  ],
  [PLAIN_SERVER, 'realm', realm({}, { sslRequired: 'none' }), 'high'],
  [PLAIN_SERVER, 'endpoint', metadata({ token_endpoint: 'http://login.acme.com/token' }), 'high'],
  [PLAIN_SERVER, 'TLS', { ...realm(), 'b.json': metadata({ jwks_uri: 'http://keycloak.auth.svc:8080/certs' })['a.json']! }],
  [NO_BRUTE_FORCE, 'off', realm({}, { bruteForceProtected: false }), 'medium'],
  [NO_BRUTE_FORCE, 'on', realm({}, { bruteForceProtected: true })],
  [LONG_TOKEN, 'two days', realm({}, { accessTokenLifespan: 172_800 }), 'medium'],
  [LONG_TOKEN, 'minutes', realm({}, { accessTokenLifespan: 300 })],

  [SECRET_IN_DOCUMENT, 'realm', realm({ secret: 'hunter2hunter2' }), 'high'],
  [
    SECRET_IN_DOCUMENT,
    'properties',
    {
      'application.properties':
        'spring.security.oauth2.client.registration.a.client-id=a\nspring.security.oauth2.client.registration.a.client-secret=hunter2hunter2\n',
    },
    'high',
  ],
  [
    SECRET_IN_DOCUMENT,
    'masked and by reference',
    {
      ...realm({ secret: '**********' }),
      'application.yml':
        'spring: {security: {oauth2: {client: {registration: {a: {client-id: a, client-secret: "${SECRET}"}}}}}}',
    },
  ],
  [
    OLD_SECRET,
    'Keycloak',
    realm({ secret: '**********', attributes: { 'client.secret.creation.time': String(seconds(31)) } }),
    'medium',
  ],
  [
    OLD_SECRET,
    'RFC 7591',
    client({ client_secret: 'hunter2hunter2', client_id_issued_at: seconds(400), client_secret_expires_at: 0 }),
    'medium',
  ],
  [OLD_SECRET, 'never expires', client({ client_secret: 'hunter2hunter2', client_secret_expires_at: 0 }), 'low'],
  [
    OLD_SECRET,
    'of this month',
    realm({ secret: '**********', attributes: { 'client.secret.creation.time': String(seconds(29)) } }),
  ],

  [
    INTROSPECTION,
    'Spring',
    {
      'application.yml':
        'spring: {security: {oauth2: {resourceserver: {opaquetoken: {introspection-uri: "https://i/introspect"}}}}}',
    },
    'medium',
  ],
  [
    INTROSPECTION,
    'in a ConfigMap',
    yaml(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  application.yml: |\n    spring.security.oauth2.resourceserver.opaquetoken.introspection-uri: https://i\n',
    ),
    'medium',
  ],
  [
    INTROSPECTION,
    'Kong',
    yaml(
      'apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {name: k}\nplugin: openid-connect\nconfig: {introspection_endpoint: "https://i"}',
    ),
    'medium',
  ],
  [
    INTROSPECTION,
    'APISIX',
    yaml(
      'apiVersion: apisix.apache.org/v2\nkind: ApisixRoute\nmetadata: {name: k}\nspec: {http: [{plugins: [{name: openid-connect, enable: true, config: {introspection_endpoint: "https://i"}}]}]}',
    ),
    'medium',
  ],
  [
    INTROSPECTION,
    'Kong declarative',
    {
      'kong.yaml':
        '_format_version: "3.0"\nservices: [{name: a, url: "http://a", routes: [{paths: [/], plugins: [{name: openid-connect, config: {auth_methods: [introspection], audience_required: [a]}}]}]}]',
    },
    'medium',
  ],
  [
    INTROSPECTION,
    'Kong in a ConfigMap',
    yaml(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  kong.yml: |\n    _format_version: "3.0"\n    plugins: [{name: oauth2-introspection, config: {introspection_url: "https://i"}}]\n',
    ),
    'medium',
  ],
  [
    INTROSPECTION,
    'APISIX standalone',
    {
      'apisix.yaml':
        'global_rules: [{id: 1, plugins: {openid-connect: {introspection_endpoint: "https://i", claim_validator: {audience: {required: true}}}}}]',
    },
    'medium',
  ],
  [
    INTROSPECTION,
    'by environment',
    yaml(
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, image: "a:1", env: [{name: SPRING_SECURITY_OAUTH2_RESOURCESERVER_OPAQUETOKEN_INTROSPECTION_URI, value: "https://i"}]}]}',
    ),
    'medium',
  ],
  [
    INTROSPECTION,
    'OpenResty',
    {
      'nginx.conf':
        'server { location / { access_by_lua_block {\n local res, err = require("resty.openidc").introspect({ a = "}" }) -- res.iss == x\n if err then ngx.exit(403) end } } }',
    },
    'medium',
  ],
  [
    INTROSPECTION,
    'switched off, and with issuers',
    {
      'nginx.conf':
        'access_by_lua_block { local res = require("resty.openidc").introspect(opts)\n if res.iss ~= issuer then ngx.exit(403) end }',
      'kong.yaml':
        '_format_version: "3.0"\nplugins: [{name: oauth2-introspection, enabled: false, config: {introspection_url: "https://i"}}]',
      'apisix.yaml':
        'routes: [{uri: /, upstream_id: 1, plugins: {openid-connect: {introspection_endpoint: "https://i", claim_validator: {issuer: {valid_issuers: ["https://i"]}}}}}]',
    },
  ],
  [
    TOKEN_CLAIMS,
    'keys alone',
    { 'application.yml': 'spring.security.oauth2.resourceserver.jwt: {jwk-set-uri: "https://i/jwks"}' },
    'medium',
  ],
  [
    TOKEN_CLAIMS,
    'properties',
    { 'application.properties': 'spring.security.oauth2.resourceserver.jwt.public-key-location=classpath:key.pub\n' },
    'medium',
  ],
  [
    TOKEN_CLAIMS,
    'Envoy',
    { 'envoy.yaml': bootstrap('{id: {remote_jwks: {}, audiences: [a]}, other: {issuer: "https://i", audiences: [a]}}') },
    'medium',
  ],
  [
    TOKEN_CLAIMS,
    'Envoy in a ConfigMap',
    yaml(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  envoy.yaml: |\n    ${bootstrap('{id: {issuer: "https://i"}}')}\n`,
    ),
    'medium',
  ],
  [
    TOKEN_CLAIMS,
    'keys and issuer',
    { 'application.yml': 'spring.security.oauth2.resourceserver.jwt: {jwk-set-uri: "https://i/jwks", issuer-uri: "https://i"}' },
  ],
  [OPEN_REGISTRATION, 'no policy at all', realm({}, { components: { [POLICY]: [] } }), 'high'],
  [OPEN_REGISTRATION, 'policies unknown', realm({}, { components: {} })],
  [
    INTROSPECTION,
    'with issuers',
    {
      ...yaml(
        'apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: {name: k}\nplugin: openid-connect\nconfig: {introspection_endpoint: "https://i", issuers_allowed: ["https://i"]}',
      ),
      'application.yml': 'spring: {security: {oauth2: {resourceserver: {jwt: {issuer-uri: "https://i"}}}}}',
    },
  ],

  [
    VALIDATION_OFF,
    'oauth2-proxy',
    proxy('--insecure-oidc-skip-issuer-verification', '--ssl-insecure-skip-verify=true', '--cookie-secure=false'),
    'high',
    'high',
    'medium',
  ],
  [VALIDATION_OFF, 'ASP.NET', { 'appsettings.json': '{"Jwt": {"ValidateLifetime": false, "ValidateIssuer": true}}' }, 'high'],
  [VALIDATION_OFF, 'ASP.NET while developing', { 'appsettings.Development.json': '{"Jwt": {"ValidateLifetime": false}}' }, 'low'],
  [
    VALIDATION_OFF,
    'Envoy Gateway',
    yaml(
      'apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {name: o}\nspec: {jwt: {providers: [{name: a, issuer: "https://i", remoteJWKS: {uri: "https://i/k"}}]}}',
    ),
    'medium',
  ],
  [VALIDATION_OFF, 'on', proxy('--insecure-oidc-skip-issuer-verification=false', '--oidc-issuer-url=https://i.test')],
];

testRules(OAUTH_RULES, CASES);

test('values of secrets never enter the System, whatever the document', () => {
  const value = 'hunter2hunter2';
  const files: Files = {
    'realm.json': JSON.stringify({
      realm: 'r',
      clients: [{ clientId: 'a', secret: value }],
      smtpServer: { password: value },
      components: { k: [{ config: { privateKey: [value] } }] },
      users: [{ credentials: [{ secretData: value }] }],
    }),
    'client.json': JSON.stringify({
      client_id: 'a',
      redirect_uris: [],
      client_secret: value,
      registration_access_token: value,
      jwks: { keys: [{ kty: 'RSA', d: value }] },
    }),
    'application.yml': `spring: {datasource: {password: ${value}}, security: {oauth2: {client: {registration: {a: {client-secret: ${value}}}}}}}`,
    'application.properties': `spring.datasource.password=${value}`,
    'appsettings.json': JSON.stringify({ Auth: { ClientSecret: value }, ConnectionStrings: { Db: value } }),
  };
  const system = systemOfFiles(files);
  assert.equal(system.oauthClients.filter(({ secret }) => secret?.literal).length, 3);
  assert.doesNotMatch(JSON.stringify(system), /hunter2/);
});

test('a finding stands where the setting is written', () => {
  const [found] = hitsInFiles(IMPLICIT_GRANT, realm({ implicitFlowEnabled: true }));
  assert.equal(found!.path, 'clients[0].implicitFlowEnabled');
  const [redirect] = hitsInFiles(PKCE_MISSING, proxy('--redirect-url=https://a.test'));
  assert.equal(redirect!.path, 'spec.template.spec.containers[0]');
});
