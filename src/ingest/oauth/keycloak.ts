// A realm or client as Keycloak exports them (org.keycloak.representations.idm).
import type { OAuthClient, OAuthServer } from '#model/oauth.ts';
import type { Resource } from '#model/resource.ts';
import type { Facts } from './facts.ts';
import { given, isLiteral } from './facts.ts';

export function isRealm(raw: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof raw['realm'] === 'string' &&
    ['clients', 'sslRequired', 'accessTokenLifespan', 'clientScopes', 'components', 'bruteForceProtected'].some(
      (name) => name in raw,
    )
  );
}

export function isKeycloakClient(raw: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof raw['clientId'] === 'string' &&
    ['standardFlowEnabled', 'implicitFlowEnabled', 'directAccessGrantsEnabled', 'publicClient'].some((name) => name in raw)
  );
}

/** Clients that every realm has; what Keycloak itself sets on them is not the user's mistake. */
const BUILT_IN = new Set([
  'account',
  'account-console',
  'admin-cli',
  'broker',
  'realm-management',
  'security-admin-console',
  'master-realm',
]);
const POLICIES = 'org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy';

export function realmServer(facts: Facts, resource: Resource): OAuthServer {
  const lifetime = facts.number('accessTokenLifespan');
  const rotation = facts.flag('revokeRefreshToken');
  return {
    source: 'keycloak',
    name: facts.text('realm')?.value ?? '',
    resource,
    path: facts.path,
    endpoints: [],
    ...given('signing', facts.texts('defaultSignatureAlgorithm')),
    ...given('registration', registration(facts)),
    ...given('refreshRotation', rotation),
    ...given('sslRequired', facts.text('sslRequired')),
    ...given('bruteForceProtected', facts.flag('bruteForceProtected')),
    ...given('accessTokenLifetimeS', lifetime),
  };
}

/**
 * Anonymous registration is held back by the policy `trusted-hosts` alone. A realm that lists its registration policies without that one
 * for anonymous callers, or with both of its checks off, takes clients from anybody; one that says nothing of them gets Keycloak's own,
 * which hold.
 */
function registration(facts: Facts): OAuthServer['registration'] {
  const components = facts.inside('components');
  if (!Array.isArray(components.raw[POLICIES])) return undefined;
  const anonymous = components.list(POLICIES).filter((policy) => policy.raw['subType'] === 'anonymous');
  const trusted = anonymous.find((policy) => policy.raw['providerId'] === 'trusted-hosts');
  if (!trusted) return { value: 'open', path: [...facts.path, 'components', POLICIES] };
  const off = (name: string): boolean => trusted.inside('config').texts(name)?.value[0] === 'false';
  const open = off('host-sending-registration-request-must-match') && off('client-uris-must-match');
  return { value: open ? 'open' : 'guarded', path: [...trusted.path, 'config'] };
}

export function realmClients(facts: Facts, resource: Resource): readonly OAuthClient[] {
  return facts
    .list('clients')
    .filter(
      (client) =>
        !BUILT_IN.has(client.text('clientId')?.value ?? '') || client.each('redirectUris').some(({ value }) => value === '*'),
    )
    .map((client) => keycloakClient(client, resource, facts.text('realm')?.value));
}

export function keycloakClient(facts: Facts, resource: Resource, server?: string): OAuthClient {
  const attributes = facts.inside('attributes');
  const method = attributes.text('pkce.code.challenge.method');
  const bearerOnly = facts.raw['bearerOnly'] === true;
  const grants: string[] = [];
  const flow = (name: string, grant: string, byDefault: boolean): void => {
    const value = facts.flag(name)?.value ?? byDefault;
    if (value && !bearerOnly) grants.push(grant);
  };
  flow('standardFlowEnabled', 'authorization_code', true);
  flow('implicitFlowEnabled', 'implicit', false);
  flow('directAccessGrantsEnabled', 'password', false);
  flow('serviceAccountsEnabled', 'client_credentials', false);
  const created = attributes.number('client.secret.creation.time');
  const expires = attributes.number('client.secret.expiration.time');
  const root = facts.text('rootUrl')?.value ?? '';
  const where = (name: string): readonly (string | number)[] => [...facts.path, ...(facts.has(name) ? [name] : [])];
  const saml = facts.raw['protocol'] === 'saml';
  return {
    source: 'keycloak',
    id: facts.text('clientId')?.value ?? '',
    resource,
    path: facts.path,
    ...given('server', server),
    enabled: facts.flag('enabled')?.value !== false && !saml,
    ...given('public', facts.flag('publicClient')),
    grants: {
      value: grants,
      path: where(grants.includes('implicit') ? 'implicitFlowEnabled' : 'directAccessGrantsEnabled'),
    },
    pkce: method
      ? { value: method.value === 'S256' ? 'S256' : method.value === 'plain' ? 'plain' : 'off', path: method.path }
      : { value: 'off', path: where('attributes') },
    redirectUris: facts.each('redirectUris').map(({ value, path }) => ({
      value: value.startsWith('/') && /^https?:/.test(root) ? `${root.replace(/\/$/, '')}${value}` : value,
      path,
    })),
    webOrigins: facts.each('webOrigins'),
    ...given('signing', attributes.texts('access.token.signed.response.alg')),
    ...given('authentication', facts.text('clientAuthenticatorType')),
    ...given(
      'secret',
      facts.has('secret') && facts.raw['publicClient'] !== true
        ? {
            path: [...facts.path, 'secret'],
            literal: isLiteral(facts.raw['secret']),
            // Keycloak writes seconds.
            ...given('createdMs', created && created.value * 1000),
            ...given('expiresMs', expires && expires.value * 1000),
          }
        : undefined,
    ),
  };
}
