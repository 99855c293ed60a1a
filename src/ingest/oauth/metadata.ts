// Authorization server metadata (RFC 8414, OpenID Connect Discovery 1.0) and client metadata (RFC 7591), with what Auth0 and Okta write
// in their place.
import type { OAuthClient, OAuthServer, OAuthSource, Stated } from '#model/oauth.ts';
import type { Resource } from '#model/resource.ts';
import type { Facts } from './facts.ts';
import { given, isLiteral } from './facts.ts';

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
  'registration_endpoint',
  'introspection_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
  'end_session_endpoint',
  'pushed_authorization_request_endpoint',
] as const;

export function isMetadata(raw: Readonly<Record<string, unknown>>): boolean {
  return (
    typeof raw['issuer'] === 'string' &&
    (typeof raw['authorization_endpoint'] === 'string' || typeof raw['token_endpoint'] === 'string')
  );
}

export function metadataServer(facts: Facts, resource: Resource): OAuthServer {
  const issuer = facts.text('issuer');
  // RFC 8414 section 2: a list that is left out means that PKCE is not supported; `iss` in responses is false then (RFC 9207 section 3).
  const authorizes = facts.has('authorization_endpoint');
  const absent = <T>(value: T): Stated<T> | undefined => (authorizes ? { value, path: facts.path } : undefined);
  return {
    source: 'metadata',
    name: issuer?.value ?? '',
    resource,
    path: facts.path,
    ...given('issuer', issuer),
    endpoints: ENDPOINTS.flatMap((name) => {
      const endpoint = facts.text(name);
      return endpoint ? [{ ...endpoint, name }] : [];
    }),
    ...given('grants', facts.texts('grant_types_supported')),
    ...given('responseTypes', facts.texts('response_types_supported')),
    ...given('pkceMethods', facts.texts('code_challenge_methods_supported') ?? absent<readonly string[]>([])),
    ...given('signing', facts.texts('id_token_signing_alg_values_supported')),
    ...given('clientAuthentication', facts.texts('token_endpoint_auth_methods_supported')),
    ...given('issInResponse', facts.flag('authorization_response_iss_parameter_supported') ?? absent(false)),
    ...given(
      'registration',
      facts.has('registration_endpoint')
        ? { value: 'unknown' as const, path: [...facts.path, 'registration_endpoint'] }
        : undefined,
    ),
  };
}

/** Whether a mapping is client metadata: RFC 7591, or a client of Auth0 or Okta. */
export function isClient(raw: Readonly<Record<string, unknown>>): boolean {
  if (Array.isArray(raw['redirect_uris'])) return true;
  if (typeof raw['client_id'] === 'string')
    return ['grant_types', 'response_types', 'token_endpoint_auth_method', 'callbacks'].some((name) => name in raw);
  return raw['signOnMode'] === 'OPENID_CONNECT' && 'settings' in raw;
}

/** @param server name of the server whose document holds it */
export function metadataClient(facts: Facts, resource: Resource, source: OAuthSource, server?: string): OAuthClient {
  const okta = facts.raw['signOnMode'] === 'OPENID_CONNECT';
  const settings = okta ? facts.inside('settings', 'oauthClient') : facts;
  const credentials = okta ? facts.inside('credentials', 'oauthClient') : facts;
  const authentication = credentials.text('token_endpoint_auth_method');
  const browser = settings.text('app_type') ?? settings.text('application_type');
  const rotation = facts.inside('refresh_token').text('rotation_type') ?? settings.inside('refresh_token').text('rotation_type');
  const issued = facts.number('client_id_issued_at');
  const expires = facts.number('client_secret_expires_at');
  const redirects = ['redirect_uris', 'callbacks'].flatMap((name) => settings.each(name));
  const pkce = credentials.flag('pkce_required') ?? settings.flag('require_pkce');
  return {
    source,
    id:
      credentials.text('client_id')?.value ?? facts.text('client_name')?.value ?? facts.text('label')?.value ?? '(no client_id)',
    resource,
    path: facts.path,
    ...given('server', server),
    enabled: facts.raw['status'] !== 'INACTIVE',
    ...given(
      'public',
      authentication
        ? { value: authentication.value === 'none', path: authentication.path }
        : browser && { value: ['spa', 'native', 'browser'].includes(browser.value), path: browser.path },
    ),
    ...given('grants', renamed(settings.texts('grant_types'))),
    ...given('responseTypes', settings.texts('response_types')),
    ...given('pkce', pkce && { value: pkce.value ? ('required' as const) : ('off' as const), path: pkce.path }),
    redirectUris: redirects,
    webOrigins: ['web_origins', 'allowed_origins', 'allowed_cors_origins'].flatMap((name) => settings.each(name)),
    ...given(
      'signing',
      settings.texts('id_token_signed_response_alg') ?? settings.inside('jwt_configuration').texts('alg') ?? undefined,
    ),
    ...given('authentication', authentication),
    ...given('refreshRotation', rotation && { value: /^rotat/i.test(rotation.value), path: rotation.path }),
    ...given(
      'secret',
      credentials.has('client_secret')
        ? {
            path: [...credentials.path, 'client_secret'],
            literal: isLiteral(credentials.raw['client_secret']),
            ...given('createdMs', issued && issued.value * 1000),
            ...given('expiresMs', expires && expires.value * 1000),
          }
        : undefined,
    ),
  };
}

/** Auth0's names of grants that RFC 7591 calls otherwise. */
function renamed(grants: Stated<readonly string[]> | undefined): Stated<readonly string[]> | undefined {
  return grants && { ...grants, value: grants.value.map((one) => (one.endsWith('/password-realm') ? 'password' : one)) };
}
