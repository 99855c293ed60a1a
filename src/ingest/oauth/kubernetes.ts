// Clients that Kubernetes objects declare: oauth2-proxy by its arguments and environment, Envoy Gateway's OIDC, the Keycloak operator.
import type { OAuthClient, OAuthServer, Stated } from '#model/oauth.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import { Facts, given, isLiteral } from './facts.ts';
import { keycloakClient, realmClients, realmServer } from './keycloak.ts';

export interface FoundOAuth {
  readonly servers: readonly OAuthServer[];
  readonly clients: readonly OAuthClient[];
}

/** Kinds of the Keycloak operators and of Envoy Gateway, which this reader does not check otherwise. */
export function resourceOAuth(resource: Resource): FoundOAuth {
  const { kind, apiVersion } = resource;
  const spec = new Facts(resource.spec, ['spec']);
  if (kind === 'KeycloakRealmImport' || kind === 'KeycloakRealm') {
    const realm = spec.inside('realm');
    return realm.has('realm') ? { servers: [realmServer(realm, resource)], clients: realmClients(realm, resource) } : NOTHING;
  }
  if (kind === 'KeycloakClient') {
    const client = spec.inside('client');
    return client.has('clientId') ? { servers: [], clients: [keycloakClient(client, resource)] } : NOTHING;
  }
  if (kind === 'SecurityPolicy' && apiVersion.startsWith('gateway.envoyproxy.io/')) {
    const oidc = spec.inside('oidc');
    if (!oidc.has('provider')) return NOTHING;
    const redirect = oidc.text('redirectURL');
    const client: OAuthClient = {
      source: 'settings',
      id: oidc.text('clientID')?.value ?? resource.metadata.name,
      resource,
      path: oidc.path,
      enabled: true,
      grants: { value: ['authorization_code'], path: oidc.path },
      redirectUris: redirect ? [redirect] : [],
      webOrigins: [],
    };
    return { servers: [], clients: [client] };
  }
  return NOTHING;
}

const NOTHING: FoundOAuth = { servers: [], clients: [] };

/** Names of oauth2-proxy's flags; its environment has the same, in capitals behind `OAUTH2_PROXY_`. */
export function proxySetting(workload: Workload, container: number, name: string): Stated<string> | undefined {
  const one = workload.containers[container];
  if (!one) return undefined;
  for (const list of ['args', 'command'] as const) {
    for (let i = 0; i < one[list].length; i++) {
      const word = one[list][i]!.replace(/^--?/, '');
      if (word === one[list][i]) continue;
      if (word === name) return { value: one[list][i + 1] ?? 'true', path: [list, i] };
      if (word.startsWith(`${name}=`)) return { value: word.slice(name.length + 1), path: [list, i] };
    }
  }
  const variable = `OAUTH2_PROXY_${name.toUpperCase().replaceAll('-', '_')}`;
  const index = one.env.findIndex((each) => each.name === variable);
  const value = one.env[index]?.value;
  return value === undefined ? undefined : { value, path: ['env', index, 'value'] };
}

export function isOAuthProxy(image: string): boolean {
  return /(?:^|\/)oauth2[-_]proxy(?:[:@]|$)/.test(image);
}

/** @param base path of the pod's containers */
export function proxyClients(workload: Workload, base: Path): readonly OAuthClient[] {
  const init = workload.containers.filter((container) => container.init).length;
  return workload.containers.flatMap((container, i): OAuthClient[] => {
    if (!isOAuthProxy(container.image) || container.init) return [];
    const path = [...base, i - init];
    const setting = (name: string): Stated<string> | undefined => {
      const found = proxySetting(workload, i, name);
      return found && { value: found.value, path: [...path, ...found.path] };
    };
    const method = setting('code-challenge-method');
    const redirect = setting('redirect-url');
    const secret = setting('client-secret');
    // Settings of a file or of variables that come from elsewhere are not seen; then the absence of a flag says nothing.
    const elsewhere =
      setting('config') !== undefined ||
      container.env.some((one) => one.value === undefined && one.name.startsWith('OAUTH2_PROXY_CODE'));
    return [
      {
        source: 'settings',
        id: setting('client-id')?.value ?? workload.name,
        resource: workload.resource,
        path,
        enabled: true,
        grants: { value: ['authorization_code'], path },
        ...given(
          'pkce',
          method
            ? { value: method.value === 'S256' ? ('S256' as const) : ('plain' as const), path: method.path }
            : elsewhere || setting('client-id') === undefined
              ? undefined
              : { value: 'off' as const, path },
        ),
        redirectUris: redirect ? [redirect] : [],
        webOrigins: [],
        ...given('secret', secret && { path: secret.path, literal: isLiteral(secret.value) }),
      },
    ];
  });
}

const REDIRECTS_MAX = 50;

/**
 * What variables of a workload say about the client that it is: `OAUTH_RESPONSE_TYPE=token`, `OIDC_USE_PKCE=false`,
 * `OIDC_REDIRECT_URI=…`, Spring's `SPRING_SECURITY_OAUTH2_CLIENT_REGISTRATION_X_…`.
 * @param base path of the pod's containers
 */
export function environmentClients(workload: Workload, base: Path): readonly OAuthClient[] {
  const init = workload.containers.filter((container) => container.init).length;
  return workload.containers.flatMap((container, i): OAuthClient[] => {
    if (container.init || isOAuthProxy(container.image)) return [];
    const path = [...base, i - init, 'env'];
    const named = (pattern: RegExp): Stated<string> | undefined => {
      const found = container.env.find(({ name, value }) => value !== undefined && OAUTH_NAME.test(name) && pattern.test(name));
      return found && { value: found.value!, path };
    };
    const responses = named(/RESPONSE_?TYPES?$/i);
    const grants = named(/GRANT_?TYPES?$/i);
    const pkce = named(/(?:USE_?|ENABLE_?|REQUIRE_?)?PKCE(?:_?(?:ENABLED|REQUIRED|METHOD))?$|CODE_?CHALLENGE_?METHOD$/i);
    const redirects = container.env
      .filter(({ name, value }) => value !== undefined && OAUTH_NAME.test(name) && /(?:REDIRECT|CALLBACK)_?UR[IL]S?$/i.test(name))
      .flatMap(({ value }) => value!.split(/[\s,]+/).slice(0, REDIRECTS_MAX))
      .filter((value) => value !== '');
    if (!responses && !grants && !pkce && redirects.length === 0) return [];
    const method = pkce?.value.toLowerCase();
    return [
      {
        source: 'settings',
        id: named(/CLIENT_?ID$/i)?.value ?? workload.name,
        resource: workload.resource,
        path,
        enabled: true,
        ...given('grants', grants && { value: grants.value.split(/[\s,]+/), path }),
        ...given('responseTypes', responses && { value: responses.value.split(','), path }),
        ...given(
          'pkce',
          pkce && {
            value:
              method === 'plain'
                ? ('plain' as const)
                : /^(?:false|0|no|off|none|disabled)$/.test(method!)
                  ? ('off' as const)
                  : ('required' as const),
            path,
          },
        ),
        redirectUris: redirects.map((value) => ({ value, path })),
        webOrigins: [],
      },
    ];
  });
}

const OAUTH_NAME = /OAUTH|OIDC|OPENID|AUTH0|KEYCLOAK|(?:^|_)(?:SSO|OKTA|COGNITO|IDP)(?:_|$)/i;
