// Configuration of node-oidc-provider, written as JSON.
import type { OAuthClient, OAuthServer } from '#model/oauth.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { Facts } from './facts.ts';
import { given } from './facts.ts';
import { isClient, metadataClient } from './metadata.ts';

export function isProviderConfiguration(raw: Readonly<Record<string, unknown>>): boolean {
  const own = ['features', 'pkce', 'ttl', 'cookies', 'responseTypes', 'rotateRefreshToken', 'clientDefaults'].filter(
    (name) => name in raw,
  );
  const { clients } = raw;
  return own.length > 0 && Array.isArray(clients) && clients.some((one) => isObject(one) && isClient(one));
}

export function providerServer(facts: Facts, resource: Resource): OAuthServer {
  const registration = facts.inside('features', 'registration');
  const enabled = registration.flag('enabled');
  const pkce = facts.inside('pkce');
  return {
    source: 'oidc-provider',
    name: facts.text('issuer')?.value ?? resource.metadata.name,
    resource,
    path: facts.path,
    endpoints: [],
    ...given('responseTypes', facts.texts('responseTypes')),
    ...given('pkceMethods', pkce.texts('methods')),
    ...given('pkceRequired', pkce.flag('required')),
    ...given('refreshRotation', facts.flag('rotateRefreshToken')),
    ...given(
      'registration',
      enabled && {
        value: !enabled.value
          ? ('off' as const)
          : registration.raw['initialAccessToken']
            ? ('guarded' as const)
            : ('open' as const),
        path: enabled.path,
      },
    ),
  };
}

export function providerClients(facts: Facts, resource: Resource): readonly OAuthClient[] {
  return facts.list('clients').map((client) => metadataClient(client, resource, 'oidc-provider', resource.metadata.name));
}
