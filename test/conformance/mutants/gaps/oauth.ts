// Gap: implicit grant, missing PKCE, wildcard redirects; dynamic registration open to everyone.
import { casesOf } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const CLIENT: Doc = {
  client_id: 'shop-web',
  client_name: 'Shop',
  redirect_uris: ['https://shop.example.com/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks_uri: 'https://shop.example.com/jwks.json',
};
const SERVER: Doc = {
  issuer: 'https://id.example.com',
  authorization_endpoint: 'https://id.example.com/authorize',
  token_endpoint: 'https://id.example.com/token',
  jwks_uri: 'https://id.example.com/jwks',
  response_types_supported: ['code'],
  grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic'],
  id_token_signing_alg_values_supported: ['RS256', 'ES256'],
  subject_types_supported: ['public'],
  authorization_response_iss_parameter_supported: true,
};
const keycloakClient = (change: Doc = {}): Doc => ({
  clientId: 'shop-web',
  enabled: true,
  protocol: 'openid-connect',
  publicClient: true,
  standardFlowEnabled: true,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  serviceAccountsEnabled: false,
  redirectUris: ['https://shop.example.com/callback'],
  webOrigins: ['https://shop.example.com'],
  attributes: { 'pkce.code.challenge.method': 'S256' },
  ...change,
});
const REALM: Doc = {
  realm: 'shop',
  enabled: true,
  sslRequired: 'all',
  registrationAllowed: false,
  bruteForceProtected: true,
  defaultSignatureAlgorithm: 'RS256',
  revokeRefreshToken: true,
  accessTokenLifespan: 300,
  clients: [keycloakClient()],
  components: {
    'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy': [
      {
        name: 'Trusted Hosts',
        providerId: 'trusted-hosts',
        subType: 'anonymous',
        config: { 'trusted-hosts': ['ci.example.com'], 'host-sending-registration-request-must-match': ['true'] },
      },
    ],
  },
};
const PROVIDER: Doc = {
  clients: [
    {
      client_id: 'shop-spa',
      redirect_uris: ['https://spa.example.com/callback'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  ],
  pkce: { required: true, methods: ['S256'] },
  features: { registration: { enabled: false }, devInteractions: { enabled: false } },
  responseTypes: ['code'],
  cookies: { keys: [] },
};

const FILES = {
  'identity/client.json': CLIENT,
  'identity/server.json': SERVER,
  'identity/realm.json': REALM,
  'identity/provider.json': PROVIDER,
};
const text = (doc: Doc): string => `${JSON.stringify(doc, null, 2)}\n`;
const edit = (file: keyof typeof FILES, change: (doc: Doc) => void) => (world: World) => {
  const doc = JSON.parse(world.files[file] as string) as Doc;
  change(doc);
  world.files[file] = text(doc);
};
const client = (change: Doc) => edit('identity/client.json', (doc) => Object.assign(doc, change));
const server = (change: Doc) => edit('identity/server.json', (doc) => Object.assign(doc, change));
const realm = (change: (doc: Doc) => void) => edit('identity/realm.json', change);
const realmClient = (change: Doc) => realm((doc) => Object.assign(doc['clients'][0] as Doc, change));
const provider = (change: (doc: Doc) => void) => edit('identity/provider.json', change);
const REGISTRATION = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

export const gap: Gap = {
  name: 'oauth',
  codes: ['oauth.'],
  cases: () =>
    casesOf(
      { docs: [], files: Object.fromEntries(Object.entries(FILES).map(([file, doc]) => [file, text(doc)])) },
      {
        'client: implicit grant': client({ grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'token'] }),
        'client: tokens from the front channel': client({ response_types: ['id_token token'], grant_types: ['implicit'] }),
        'client: password grant': client({ grant_types: ['authorization_code', 'password'] }),
        'client: a wildcard for everything': client({ redirect_uris: ['*'] }),
        'client: a wildcard host': client({ redirect_uris: ['https://*.example.com/callback'] }),
        'client: a wildcard path': client({ redirect_uris: ['https://shop.example.com/*'] }),
        'client: redirect in clear': client({ redirect_uris: ['http://shop.example.com/callback'] }),
        'client: unsigned tokens': client({ id_token_signed_response_alg: 'none' }),
        'server: implicit response types': server({ response_types_supported: ['code', 'token', 'id_token'] }),
        'server: implicit grant': server({ grant_types_supported: ['authorization_code', 'implicit'] }),
        'server: password grant': server({ grant_types_supported: ['authorization_code', 'password'] }),
        'server: no PKCE': edit('identity/server.json', (doc) => delete doc['code_challenge_methods_supported']),
        'server: plain PKCE': server({ code_challenge_methods_supported: ['plain', 'S256'] }),
        'server: unsigned tokens': server({ id_token_signing_alg_values_supported: ['RS256', 'none'] }),
        'server: token endpoint in clear': server({ token_endpoint: 'http://id.example.com/token' }),
        'Keycloak: implicit flow': realmClient({ implicitFlowEnabled: true }),
        'Keycloak: password grant': realmClient({ directAccessGrantsEnabled: true }),
        'Keycloak: no PKCE': realmClient({ attributes: {} }),
        'Keycloak: plain PKCE': realmClient({ attributes: { 'pkce.code.challenge.method': 'plain' } }),
        'Keycloak: any redirect': realmClient({ redirectUris: ['*'] }),
        'Keycloak: a wildcard path': realmClient({ redirectUris: ['https://shop.example.com/*'] }),
        'Keycloak: any origin': realmClient({ webOrigins: ['*'] }),
        'Keycloak: registration open to everyone': realm((doc) => (doc['components'][REGISTRATION] = [])),
        'Keycloak: TLS never required': realm((doc) => (doc['sslRequired'] = 'none')),
        'oidc-provider: registration open': provider((doc) => (doc['features'].registration = { enabled: true })),
        'oidc-provider: PKCE not required': provider((doc) => (doc['pkce'].required = false)),
        'oidc-provider: implicit response types': provider((doc) => (doc['responseTypes'] = ['code', 'id_token token'])),
        'oidc-provider: a wildcard redirect': provider((doc) => (doc['clients'][0].redirect_uris = ['https://*.example.com/cb'])),
      },
      {
        'client: another name': client({ client_name: 'The *best* shop' }),
        'client: two redirects': client({
          redirect_uris: ['https://shop.example.com/callback', 'https://shop.example.com/silent'],
        }),
        'client: a loopback redirect of a desktop program': client({
          redirect_uris: ['http://127.0.0.1/callback'],
          application_type: 'native',
        }),
        'client: a scheme of its own': client({ redirect_uris: ['com.example.shop:/callback'], application_type: 'native' }),
        'client: device grant': client({ grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] }),
        'client: signed tokens said outright': client({ id_token_signed_response_alg: 'ES256' }),
        'client: machine to machine': client({ grant_types: ['client_credentials'], response_types: [], redirect_uris: [] }),
        'server: one more algorithm': server({ id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'] }),
        'server: pushed requests': server({
          pushed_authorization_request_endpoint: 'https://id.example.com/par',
          require_pushed_authorization_requests: true,
        }),
        'server: token exchange': server({
          grant_types_supported: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:token-exchange'],
        }),
        'server: revocation': server({ revocation_endpoint: 'https://id.example.com/revoke' }),
        'server: signed requests': server({ request_object_signing_alg_values_supported: ['RS256'] }),
        'Keycloak: a second client, whole': realm((doc) => doc['clients'].push(keycloakClient({ clientId: 'shop-mobile' }))),
        'Keycloak: a client for machines': realm((doc) =>
          doc['clients'].push(
            keycloakClient({
              clientId: 'worker',
              publicClient: false,
              standardFlowEnabled: false,
              serviceAccountsEnabled: true,
              redirectUris: [],
              webOrigins: [],
              attributes: {},
            }),
          ),
        ),
        'Keycloak: a disabled client': realm((doc) =>
          doc['clients'].push(
            keycloakClient({ clientId: 'old', enabled: false, redirectUris: ['*'], implicitFlowEnabled: true }),
          ),
        ),
        'Keycloak: shorter tokens': realm((doc) => (doc['accessTokenLifespan'] = 60)),
        'Keycloak: two redirects': realmClient({
          redirectUris: ['https://shop.example.com/callback', 'https://shop.example.com/silent'],
        }),
        'oidc-provider: registration with a token': provider(
          (doc) => (doc['features'].registration = { enabled: true, initialAccessToken: true }),
        ),
        'oidc-provider: device flow': provider((doc) => (doc['features'].deviceFlow = { enabled: true })),
        'oidc-provider: a second client': provider((doc) =>
          doc['clients'].push({ ...(doc['clients'][0] as Doc), client_id: 'second' }),
        ),
      },
    ),
};
