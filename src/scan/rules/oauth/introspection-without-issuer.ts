// Resource servers that ask the authorization server about tokens and take `active: true` for enough.
import { readYaml } from '#syntax/yaml.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Hit, SystemRule } from '../../rule.ts';
import { apisixConfiguration, apisixResource, isRaw, kongConfiguration, kongPlugin, openrestyPlaces } from './gateways.ts';
import type { Place } from './gateways.ts';
import { memberAt } from './token-claims-unchecked.ts';
import { containerPath } from './validation-off.ts';

/** RFC 7662 section 4: what is active may be meant for somebody else. */
export const INTROSPECTION = {
  id: 'oauth.introspection-without-issuer',
  name: 'Introspection without a check of the issuer',
  severity: 'medium',
  cwe: [345, 863],
  why: 'The answer `active` only says that some token of that server is valid. Without comparing `iss` and `aud` a token that was given to another application, or by another tenant of the same server, opens this one.',
  help: 'compare `iss` and `aud` of the answer with what this service expects',
  references: ['RFC 7662 section 4', 'RFC 9700 section 2.3'],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const resource of system.resources) {
      for (const { what, path, fix } of placesOf(resource)) {
        const hit: Hit = {
          title: `${what} takes a token as good when introspection says \`active\`, whoever issued it`,
          at: { resource, path },
          ...(fix !== undefined && { fix: { text: this.help, yaml: fix } }),
        };
        yield hit;
      }
    }
    for (const workload of system.workloads)
      for (const { name, env } of workload.containers)
        if (env.some((one) => /^SPRING_SECURITY_OAUTH2_RESOURCESERVER_OPAQUE_?TOKEN_INTROSPECTION_?URI$/.test(one.name)))
          yield {
            title: `the resource server \`${workload.name}\` takes a token as good when introspection says \`active\`, whoever issued it`,
            at: { resource: workload.resource, path: containerPath(workload, name) },
          };
  },
} satisfies SystemRule;

function placesOf(resource: Resource): readonly Place[] {
  const { kind, apiVersion } = resource;
  if (kind === 'SpringConfiguration') return spring(resource.spec, []);
  if (kind === 'ConfigMap') return configMap(resource);
  if (kind === 'KongPlugin' || kind === 'KongClusterPlugin')
    return kongPlugin(resource.body['plugin'], resource.body['config'], ['config']);
  if (kind === 'KongConfiguration') return kongConfiguration(resource.spec);
  if (kind === 'NginxConfiguration') return openrestyPlaces(resource.spec);
  if (kind === 'ApisixConfiguration') return apisixConfiguration(resource.spec);
  if (apiVersion.startsWith('apisix.apache.org/')) return apisixResource(resource.spec, ['spec'], 0);
  return [];
}

/** Spring's own introspector checks neither; a bean of one's own would, and takes no configuration from here but the address. */
function spring(root: unknown, path: Path): readonly Place[] {
  for (const token of ['opaquetoken', 'opaque-token'])
    for (const uri of ['introspection-uri', 'introspectionUri']) {
      const found = memberAt(root, ['spring', 'security', 'oauth2', 'resourceserver', token, uri]);
      if (found) return [{ what: 'the resource server', path: [...path, ...found] }];
    }
  return [];
}

const EMBEDDED_MAX = 256 * 1024;

/** Configuration files that a ConfigMap carries. */
function configMap(resource: Resource): readonly Place[] {
  const { data } = resource.body;
  if (!isRaw(data)) return [];
  return Object.entries(data).flatMap(([name, text]) => {
    if (typeof text !== 'string' || text.length > EMBEDDED_MAX) return [];
    const embedded = /\.ya?ml$|\.json$/.test(name) && /opaque-?token|introspection/.test(text);
    if (embedded)
      return readYaml(name, text).documents.flatMap(({ value }) =>
        [
          ...spring(value, []),
          ...(isRaw(value) && '_format_version' in value ? kongConfiguration(value) : apisixConfiguration(value)),
        ].map((place) => ({ ...place, path: ['data', name] })),
      );
    if (
      name.endsWith('.properties') &&
      /^[ \t]*spring\.security\.oauth2\.resourceserver\.opaque-?token\.introspection-uri/m.test(text)
    )
      return [{ what: 'the resource server', path: ['data', name] }];
    return [];
  });
}
