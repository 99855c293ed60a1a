// Documents of OAuth 2 and OpenID Connect, and configuration files of applications that use them, as formats.
import type { OAuthClient, OAuthServer } from '#model/oauth.ts';
import { setOrigin } from '#model/origin.ts';
import type { OriginSource } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
import { readYaml } from '#syntax/yaml.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import type { Format, TextFormat } from '../format.ts';
import type { ImportedDocument } from '../import.ts';
import { Facts } from './facts.ts';
import { isKeycloakClient, isRealm, keycloakClient, realmClients, realmServer } from './keycloak.ts';
import { environmentClients, proxyClients, resourceOAuth } from './kubernetes.ts';
import type { FoundOAuth } from './kubernetes.ts';
import { isApisix, isKong } from './gateways.ts';
import { isClient, isMetadata, metadataClient, metadataServer } from './metadata.ts';
import { isProviderConfiguration, providerClients, providerServer } from './oidc-provider.ts';
import { scrubbed } from './scrub.ts';
import { auth0Clients, auth0Server, dexClients, dexServer, hydraServer, isAuth0, isDex, isHydra } from './servers.ts';
import { propertiesOf, springClients } from './spring.ts';

type Read = (facts: Facts, resource: Resource) => FoundOAuth;

interface OAuthFormat extends Format {
  /** What a document of it declares, wherever that stands. */
  readonly facts: Read;
}

function format(name: string, kind: string, matches: Format['matches'], read: Read): OAuthFormat {
  return { name, matches, read: (raw, origin, file) => [documentOf(kind, raw, origin, file, read)], facts: read };
}

/** Facts are read from what was written, since whether a secret is a literal is one of them; what is kept has no secrets. */
function documentOf(kind: string, raw: RawObject, origin: OriginSource, file: string, read: Read): ImportedDocument {
  const resource: Resource = {
    apiVersion: '',
    kind,
    metadata: { name: file, namespace: '', labels: {}, annotations: {} },
    spec: scrubbed(raw),
    body: {},
  };
  setOrigin(resource, origin);
  return { resource, part: { type: 'oauth', ...read(new Facts(raw), resource) }, group: '', row: undefined, owned: false };
}

export const OAUTH_FORMATS: readonly OAuthFormat[] = [
  format('OAuth server metadata', 'OAuthServerMetadata', isMetadata, (facts, resource) => ({
    servers: [metadataServer(facts, resource)],
    clients: [],
  })),
  format('Keycloak realm', 'KeycloakRealm', isRealm, (facts, resource) => ({
    servers: [realmServer(facts, resource)],
    clients: realmClients(facts, resource),
  })),
  format('Keycloak client', 'KeycloakClient', isKeycloakClient, (facts, resource) => ({
    servers: [],
    clients: [keycloakClient(facts, resource)],
  })),
  format('oidc-provider configuration', 'OidcProviderConfiguration', isProviderConfiguration, (facts, resource) => ({
    servers: [providerServer(facts, resource)],
    clients: providerClients(facts, resource),
  })),
  format('Ory Hydra configuration', 'HydraConfiguration', isHydra, (facts, resource) => ({
    servers: [hydraServer(facts, resource)],
    clients: [],
  })),
  format('Dex configuration', 'DexConfiguration', isDex, (facts, resource) => ({
    servers: [dexServer(facts, resource)],
    clients: dexClients(facts, resource),
  })),
  format('Auth0 tenant', 'Auth0Tenant', isAuth0, (facts, resource) => ({
    servers: [auth0Server(facts, resource)],
    clients: auth0Clients(facts, resource),
  })),
  format('OAuth client metadata', 'OAuthClientMetadata', isClient, (facts, resource) => ({
    servers: [],
    clients: [metadataClient(facts, resource, 'registration')],
  })),
  format(
    'OAuth clients',
    'OAuthClients',
    ({ clients }) => Array.isArray(clients) && clients.length > 0 && clients.every((one) => isObject(one) && isClient(one)),
    (facts, resource) => ({
      servers: [],
      clients: facts.list('clients').map((client) => metadataClient(client, resource, 'registration')),
    }),
  ),
  format('Spring configuration', 'SpringConfiguration', isSpring, (facts, resource) => ({
    servers: [],
    clients: springClients(facts, resource),
  })),
  format('Kong declarative configuration', 'KongConfiguration', isKong, nothing),
  format('APISIX configuration', 'ApisixConfiguration', isApisix, nothing),
  format(
    'ASP.NET settings',
    'DotnetSettings',
    (_, file) => /(?:^|\/)appsettings(?:\.[\w.-]{1,100})?\.json$/i.test(file),
    nothing,
  ),
];

/** Gateways and applications that are judged by rules of their own, and declare no client. */
function nothing(): FoundOAuth {
  return { servers: [], clients: [] };
}

/** `application.yml` and its profiles, and any document with a `spring` member. */
function isSpring(raw: RawObject, file: string): boolean {
  return (
    isObject(raw['spring']) ||
    Object.keys(raw).some((name) => name.startsWith('spring.')) ||
    /(?:^|\/)(?:application|bootstrap)(?:-[\w-]{1,100})?\.ya?ml$/.test(file)
  );
}

export const SPRING_PROPERTIES: TextFormat = {
  name: 'Spring properties',
  matches: (file) => /(?:^|\/)(?:application|bootstrap)(?:-[\w-]{1,100})?\.properties$/.test(file),
  read(file, text) {
    const { raw, lines } = propertiesOf(text);
    const locate: OriginSource['locate'] = (path) => {
      for (let size = path.length; size > 0; size--) {
        const line = lines.get(path.slice(0, size).join('.'));
        if (line !== undefined) return { file, line, column: 1 };
      }
      return { file, line: 1, column: 1 };
    };
    const read: Read = (facts, resource) => ({ servers: [], clients: springClients(facts, resource) });
    return [documentOf('SpringConfiguration', raw, { locate }, file, read)];
  },
};

const MOUNTED_MAX = 1024 * 1024;
/** Every one of the formats has one of these members. */
const MEMBERS = /["']?\b(?:realm|clients|staticClients|issuer|redirect_uris|urls|spring)\b["']?\s{0,5}:/;

/** Files that a ConfigMap holds for an authorization server or a client of one; Facts keep no secrets. */
function mountedOAuth(resource: Resource): FoundOAuth | undefined {
  const { data } = resource.body as { readonly data?: unknown };
  if (!isObject(data)) return undefined;
  const found = Object.entries(data).flatMap(([key, text]): readonly FoundOAuth[] => {
    if (typeof text !== 'string' || text.length > MOUNTED_MAX || !/\.(?:json|ya?ml)$/.test(key) || !MEMBERS.test(text)) return [];
    return readYaml(key, text).documents.flatMap(({ value }) => {
      const kind =
        isObject(value) && !('apiVersion' in value) ? OAUTH_FORMATS.find((each) => each.matches(value, key)) : undefined;
      return kind ? [kind.facts(new Facts(value, ['data', key]), resource)] : [];
    });
  });
  return {
    servers: found.flatMap((one) => one.servers),
    clients: found.flatMap((one) => one.clients),
  };
}

/** What documents of these formats, Kubernetes objects and workloads declare. */
export function deriveOAuth(
  documents: readonly ImportedDocument[],
  workloads: readonly { readonly workload: Workload; readonly pod: { readonly podPath: readonly (string | number)[] } }[],
): { readonly servers: readonly OAuthServer[]; readonly clients: readonly OAuthClient[] } {
  const found = documents.map(({ part, resource }): FoundOAuth | undefined => {
    if (part?.type === 'oauth') return part;
    if (resource.kind === 'ConfigMap') return mountedOAuth(resource);
    return part ? undefined : resourceOAuth(resource);
  });
  const proxies = workloads.flatMap(({ workload, pod }) => {
    const base = [...pod.podPath, 'containers'];
    return [...proxyClients(workload, base), ...environmentClients(workload, base)];
  });
  return {
    servers: found.flatMap((one) => one?.servers ?? []),
    clients: [...found.flatMap((one) => one?.clients ?? []), ...proxies],
  };
}
