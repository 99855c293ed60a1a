// Documents of OAuth 2 and OpenID Connect, and configuration files of applications that use them, as formats.
import type { OAuthClient, OAuthServer } from '#model/oauth.ts';
import { setOrigin } from '#model/origin.ts';
import type { OriginSource } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Workload } from '#model/system.ts';
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
import { propertiesOf, springClients } from './spring.ts';

type Read = (facts: Facts, resource: Resource) => FoundOAuth;

function format(name: string, kind: string, matches: Format['matches'], read: Read): Format {
  return { name, matches, read: (raw, origin, file) => [documentOf(kind, raw, origin, file, read)] };
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

export const OAUTH_FORMATS: readonly Format[] = [
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

/** What documents of these formats, Kubernetes objects and workloads declare. */
export function deriveOAuth(
  documents: readonly ImportedDocument[],
  workloads: readonly { readonly workload: Workload; readonly pod: { readonly podPath: readonly (string | number)[] } }[],
): { readonly servers: readonly OAuthServer[]; readonly clients: readonly OAuthClient[] } {
  const found = documents.map(({ part, resource }): FoundOAuth | undefined =>
    part?.type === 'oauth' ? part : part ? undefined : resourceOAuth(resource),
  );
  const proxies = workloads.flatMap(({ workload, pod }) => {
    const base = [...pod.podPath, 'containers'];
    return [...proxyClients(workload, base), ...environmentClients(workload, base)];
  });
  return {
    servers: found.flatMap((one) => one?.servers ?? []),
    clients: [...found.flatMap((one) => one?.clients ?? []), ...proxies],
  };
}
