// Configuration files of authorization servers: Ory Hydra, Dex, and the tenant of Auth0 as its deploy tool writes it.
import type { OAuthClient, OAuthServer, Stated } from '#model/oauth.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Facts } from './facts.ts';
import { given, isLiteral } from './facts.ts';
import { metadataClient } from './metadata.ts';

export function isHydra(raw: RawObject): boolean {
  const { urls, oauth2, oidc, serve } = raw;
  const issues = isObject(urls) && isObject(urls['self']);
  return issues && (isObject(oauth2) || isObject(oidc) || isObject(serve));
}

/** https://www.ory.sh/docs/hydra/reference/configuration */
export function hydraServer(facts: Facts, resource: Resource): OAuthServer {
  const issuer = facts.inside('urls', 'self').text('issuer');
  const registration = facts.inside('oidc', 'dynamic_client_registration').flag('enabled');
  const pkce = facts.inside('oauth2', 'pkce');
  const [all, publicOnes] = [pkce.flag('enforced'), pkce.flag('enforced_for_public_clients')];
  return {
    source: 'settings',
    name: issuer?.value ?? resource.metadata.name,
    resource,
    path: facts.path,
    ...given('issuer', issuer),
    endpoints: issuer ? [{ ...issuer, name: 'issuer' }] : [],
    ...given('pkceRequired', publicOnes?.value === true ? publicOnes : (all ?? publicOnes)),
    // Anybody may register once the endpoint is there: it asks for no token.
    ...given('registration', openWhen(registration)),
  };
}

export function isDex(raw: RawObject): boolean {
  const { issuer, storage, staticClients, connectors, oauth2, enablePasswordDB } = raw;
  return (
    typeof issuer === 'string' &&
    isObject(storage) &&
    (Array.isArray(staticClients) || Array.isArray(connectors) || isObject(oauth2) || typeof enablePasswordDB === 'boolean')
  );
}

/** https://dexidp.io/docs/configuration/ */
export function dexServer(facts: Facts, resource: Resource): OAuthServer {
  const issuer = facts.text('issuer');
  const oauth2 = facts.inside('oauth2');
  const password = oauth2.text('passwordConnector');
  const grants = oauth2.texts('grantTypes');
  return {
    source: 'settings',
    name: issuer?.value ?? resource.metadata.name,
    resource,
    path: facts.path,
    ...given('issuer', issuer),
    endpoints: issuer ? [{ ...issuer, name: 'issuer' }] : [],
    ...given('grants', grants ?? (password && { value: ['authorization_code', 'password'], path: password.path })),
    ...given('responseTypes', oauth2.texts('responseTypes')),
  };
}

export function dexClients(facts: Facts, resource: Resource): readonly OAuthClient[] {
  const server = facts.text('issuer')?.value;
  return facts.list('staticClients').map((client) => ({
    source: 'settings',
    id: client.text('id')?.value ?? client.text('idEnv')?.value ?? '(no id)',
    resource,
    path: client.path,
    ...given('server', server),
    enabled: true,
    ...given('public', client.flag('public')),
    redirectUris: client.each('redirectURIs'),
    webOrigins: [],
    ...given(
      'secret',
      client.has('secret') ? { path: [...client.path, 'secret'], literal: isLiteral(client.raw['secret']) } : undefined,
    ),
  }));
}

const AUTH0_MARKS = ['callbacks', 'app_type', 'oidc_conformant', 'jwt_configuration', 'allowed_origins'];

export function isAuth0(raw: RawObject): boolean {
  const { clients } = raw;
  return (
    Array.isArray(clients) &&
    clients.length > 0 &&
    clients.every((one) => isObject(one) && typeof one['name'] === 'string' && AUTH0_MARKS.some((name) => name in one))
  );
}

/** https://auth0.com/docs/deploy-monitor/deploy-cli-tool */
export function auth0Server(facts: Facts, resource: Resource): OAuthServer {
  const tenant = facts.inside('tenant');
  const registration = tenant.inside('flags').flag('enable_dynamic_client_registration');
  return {
    source: 'registration',
    name: tenant.text('friendly_name')?.value ?? resource.metadata.name,
    resource,
    path: facts.path,
    endpoints: [],
    ...given('registration', openWhen(registration)),
  };
}

export function auth0Clients(facts: Facts, resource: Resource): readonly OAuthClient[] {
  return facts.list('clients').map((client) => ({
    ...metadataClient(client, resource, 'registration'),
    id: client.text('name')?.value ?? '(no name)',
  }));
}

function openWhen(flag: Stated<boolean> | undefined): Stated<'open' | 'off'> | undefined {
  return flag && { value: flag.value ? 'open' : 'off', path: flag.path };
}
