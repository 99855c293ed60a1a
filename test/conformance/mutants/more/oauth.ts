// Gap: implicit grant, missing PKCE, wildcard redirects, registration open to everyone; at other providers and in code of clients.
import { dump } from 'js-yaml';
import { gap as first } from '../gaps/oauth.ts';
import { casesOf } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const HYDRA: Doc = {
  serve: { public: { port: 4444 } },
  urls: {
    self: { issuer: 'https://id.socks.example/' },
    login: 'https://login.socks.example',
    consent: 'https://login.socks.example/consent',
  },
  oauth2: { pkce: { enforced: true, enforced_for_public_clients: true } },
  oidc: { dynamic_client_registration: { enabled: false } },
};
const DEX: Doc = {
  issuer: 'https://dex.socks.example',
  storage: { type: 'kubernetes', config: { inCluster: true } },
  oauth2: { responseTypes: ['code'], skipApprovalScreen: false },
  staticClients: [{ id: 'web', name: 'Web', redirectURIs: ['https://socks.example/callback'], secretEnv: 'WEB_SECRET' }],
};
const AUTH0: Doc = {
  clients: [
    {
      name: 'web',
      app_type: 'spa',
      callbacks: ['https://socks.example/callback'],
      allowed_origins: ['https://socks.example'],
      grant_types: ['authorization_code', 'refresh_token'],
      oidc_conformant: true,
      jwt_configuration: { alg: 'RS256' },
      token_endpoint_auth_method: 'none',
    },
  ],
  tenant: { friendly_name: 'Socks', flags: { enable_dynamic_client_registration: false } },
};
const METADATA: Doc = {
  issuer: 'https://login.socks.example',
  authorization_endpoint: 'https://login.socks.example/authorize',
  token_endpoint: 'https://login.socks.example/token',
  jwks_uri: 'https://login.socks.example/jwks',
  response_types_supported: ['code'],
  response_modes_supported: ['query', 'form_post'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  id_token_signing_alg_values_supported: ['ES256'],
  subject_types_supported: ['public'],
  authorization_response_iss_parameter_supported: true,
};
const REGISTRATION: Doc = {
  client_id: 's6BhdRkqt3',
  client_name: 'Socks for phones',
  application_type: 'native',
  redirect_uris: ['works.socks.app:/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
  require_pushed_authorization_requests: true,
};
const keycloak = (more: Doc = {}): Doc => ({
  realm: 'socks',
  enabled: true,
  sslRequired: 'external',
  bruteForceProtected: true,
  revokeRefreshToken: true,
  clients: [
    {
      clientId: 'mobile',
      enabled: true,
      protocol: 'openid-connect',
      publicClient: true,
      standardFlowEnabled: true,
      implicitFlowEnabled: false,
      directAccessGrantsEnabled: false,
      redirectUris: ['https://m.socks.example/cb'],
      webOrigins: ['+'],
      attributes: { 'pkce.code.challenge.method': 'S256' },
      ...more,
    },
  ],
});

const FILES: Readonly<Record<string, () => string>> = {
  'identity/well-known/openid-configuration.json': () => json(METADATA),
  'identity/clients/mobile.json': () => json(REGISTRATION),
  'identity/keycloak/socks-realm.json': () => json(keycloak()),
  'identity/hydra.yml': () => dump(HYDRA),
  'identity/dex/config.yaml': () => dump(DEX),
  'identity/auth0/tenant.yaml': () => dump(AUTH0),
};
const file = (path: string, text: string) => (world: World) => {
  world.files[path] = text;
};
const metadata = (change: Doc) => file('identity/well-known/openid-configuration.json', json({ ...METADATA, ...change }));
const registration = (change: Doc) => file('identity/clients/mobile.json', json({ ...REGISTRATION, ...change }));
const realm = (change: Doc) => file('identity/keycloak/socks-realm.json', json(keycloak(change)));
const provider = (lines: string): ((world: World) => void) =>
  file(
    'login/provider.js',
    `import { Provider } from 'oidc-provider';\n\nexport const provider = new Provider('https://login.socks.example', {\n${lines}  cookies: { keys: process.env.COOKIE_KEYS.split(',') },\n});\n`,
  );
const keycloakOperator = (spec: Doc): ((world: World) => void) =>
  file(
    'deploy/realm.yaml',
    dump({
      apiVersion: 'k8s.keycloak.org/v2alpha1',
      kind: 'KeycloakRealmImport',
      metadata: { name: 'socks', namespace: 'identity' },
      spec: { keycloakCRName: 'keycloak', realm: spec },
    }),
  );
const configMap = (key: string, text: string): ((world: World) => void) =>
  file(
    'deploy/identity.yaml',
    dump({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'realm', namespace: 'identity' }, data: { [key]: text } }),
  );

export const gap: Gap = {
  name: 'more-oauth',
  codes: [...first.codes, 'code.oauth'],
  cases: () =>
    casesOf(
      { docs: [], files: Object.fromEntries(Object.entries(FILES).map(([path, make]) => [path, make()])) },
      {
        'metadata: tokens in the fragment': metadata({
          response_types_supported: ['code', 'token'],
          grant_types_supported: ['authorization_code', 'implicit'],
        }),
        'metadata: a hybrid with an access token': metadata({ response_types_supported: ['code', 'code id_token token'] }),
        'metadata: no challenge methods': metadata({ code_challenge_methods_supported: [] }),
        'metadata: the plain method alone': metadata({ code_challenge_methods_supported: ['plain'] }),
        'metadata: registration open to everyone': metadata({ registration_endpoint: 'https://login.socks.example/register' }),
        'metadata: the endpoint in clear': metadata({ authorization_endpoint: 'http://login.example.com/authorize' }),
        'native client: a redirect to any port of any host': registration({ redirect_uris: ['*://*/callback'] }),
        'native client: the password grant': registration({ grant_types: ['authorization_code', 'password'] }),
        'native client: an access token at once': registration({ response_types: ['token'], grant_types: ['implicit'] }),
        'web client: a wildcard below the domain': registration({
          application_type: 'web',
          redirect_uris: ['https://*.socks.example'],
        }),
        'web client: http': registration({ application_type: 'web', redirect_uris: ['http://socks.example/callback'] }),
        'Keycloak: a bare star after the host': realm({ redirectUris: ['https://m.socks.example*'] }),
        'Keycloak: a path of stars': realm({ redirectUris: ['https://m.socks.example/*'] }),
        'Keycloak: implicit': realm({ implicitFlowEnabled: true }),
        'Keycloak: no challenge': realm({ attributes: { 'pkce.code.challenge.method': '' } }),
        'Keycloak: a realm of the operator': keycloakOperator(keycloak({ implicitFlowEnabled: true, redirectUris: ['*'] })),
        'Keycloak: a realm in a ConfigMap': configMap(
          'socks-realm.json',
          json({ ...keycloak({ redirectUris: ['*'] }), realm: 'cm' }),
        ),
        'oidc-provider in code: registration open': provider('  features: { registration: { enabled: true } },\n'),
        'oidc-provider in code: PKCE not required': provider('  pkce: { required: () => false },\n'),
        'oidc-provider in code: implicit': provider("  responseTypes: ['code', 'id_token token'],\n"),
        'Hydra: registration open to everyone': file(
          'identity/hydra.yml',
          dump({ ...HYDRA, oidc: { dynamic_client_registration: { enabled: true } } }),
        ),
        'Hydra: PKCE not enforced': file(
          'identity/hydra.yml',
          dump({ ...HYDRA, oauth2: { pkce: { enforced: false, enforced_for_public_clients: false } } }),
        ),
        'Dex: implicit response types': file(
          'identity/dex/config.yaml',
          dump({ ...DEX, oauth2: { responseTypes: ['code', 'token', 'id_token'] } }),
        ),
        'Dex: a redirect in clear': file(
          'identity/dex/config.yaml',
          dump({
            ...DEX,
            staticClients: [{ ...(DEX['staticClients'][0] as Doc), redirectURIs: ['http://socks.example.com/callback'] }],
          }),
        ),
        'Auth0: implicit grant': file(
          'identity/auth0/tenant.yaml',
          dump({ ...AUTH0, clients: [{ ...(AUTH0['clients'][0] as Doc), grant_types: ['implicit', 'authorization_code'] }] }),
        ),
        'Auth0: a wildcard callback': file(
          'identity/auth0/tenant.yaml',
          dump({ ...AUTH0, clients: [{ ...(AUTH0['clients'][0] as Doc), callbacks: ['https://*.socks.example/callback'] }] }),
        ),
        'Auth0: registration open to everyone': file(
          'identity/auth0/tenant.yaml',
          dump({ ...AUTH0, tenant: { friendly_name: 'Socks', flags: { enable_dynamic_client_registration: true } } }),
        ),
      },
      {
        'metadata: form post': metadata({ response_modes_supported: ['form_post'] }),
        'metadata: device grant': metadata({
          grant_types_supported: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
          device_authorization_endpoint: 'https://login.socks.example/device',
        }),
        'metadata: DPoP': metadata({ dpop_signing_alg_values_supported: ['ES256'] }),
        'metadata: mutual TLS': metadata({ tls_client_certificate_bound_access_tokens: true }),
        'native client: a loopback address': registration({
          redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
        }),
        'native client: a claimed address': registration({ redirect_uris: ['https://app.socks.example/callback'] }),
        'native client: a star in its name': registration({ client_name: 'Socks *' }),
        'Keycloak: two exact redirects': realm({
          redirectUris: ['https://m.socks.example/cb', 'https://m.socks.example/silent'],
        }),
        'Keycloak: one origin': realm({ webOrigins: ['https://m.socks.example'] }),
        'Keycloak: disabled and careless': realm({ enabled: false, redirectUris: ['*'], implicitFlowEnabled: true }),
        'Keycloak: the operator, whole': keycloakOperator({ ...keycloak(), realm: 'operator' }),
        'oidc-provider in code: registration with a token': provider(
          '  features: { registration: { enabled: true, initialAccessToken: true } },\n  pkce: { required: () => true },\n',
        ),
        'oidc-provider in code: PKCE for all': provider('  pkce: { required: () => true },\n'),
        'Hydra: tokens live shorter': file('identity/hydra.yml', dump({ ...HYDRA, ttl: { access_token: '10m' } })),
        'Dex: no approval screen for our own client': file(
          'identity/dex/config.yaml',
          dump({ ...DEX, oauth2: { responseTypes: ['code'], skipApprovalScreen: true } }),
        ),
        'Auth0: a machine': file(
          'identity/auth0/tenant.yaml',
          dump({
            ...AUTH0,
            clients: [
              ...(AUTH0['clients'] as Doc[]),
              {
                name: 'worker',
                app_type: 'non_interactive',
                grant_types: ['client_credentials'],
                token_endpoint_auth_method: 'private_key_jwt',
              },
            ],
          }),
        ),
        'the words in a guide': file('docs/oauth.md', '# OAuth\n\nNever allow `implicit` or a redirect of `*`.\n'),
      },
    ),
};
