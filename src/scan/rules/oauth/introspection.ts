// Resource servers that ask the authorization server about tokens and take `active: true` for enough.
import { readYaml } from '#syntax/yaml.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Hit, SystemRule } from '../../rule.ts';

type Raw = Readonly<Record<string, unknown>>;

interface Place {
  readonly what: string;
  readonly path: Path;
  readonly fix?: string;
}

/** RFC 7662 section 4: what is active may be meant for somebody else. */
export const INTROSPECTION = {
  id: 'oauth.introspection-without-issuer',
  name: 'Introspection that checks neither issuer nor audience',
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
          title: `${what} takes a token as good when introspection says \`active\`, whoever it is for`,
          at: { resource, path },
          ...(fix !== undefined && { fix: { text: this.help, yaml: fix } }),
        };
        yield hit;
      }
    }
  },
} satisfies SystemRule;

function placesOf(resource: Resource): readonly Place[] {
  const { kind, apiVersion } = resource;
  if (kind === 'SpringConfiguration') return spring(resource.spec, []);
  if (kind === 'ConfigMap') return configMap(resource);
  if (kind === 'KongPlugin' || kind === 'KongClusterPlugin')
    return kong(resource.body['plugin'], resource.body['config'], ['config']);
  if (apiVersion.startsWith('apisix.apache.org/')) return apisix(resource.spec, ['spec'], 0);
  return [];
}

/** Spring's own introspector checks neither; a bean of one's own would, and takes no configuration from here but the address. */
function spring(root: unknown, path: Path): readonly Place[] {
  for (const token of ['opaquetoken', 'opaque-token'])
    for (const uri of ['introspection-uri', 'introspectionUri']) {
      const found = find(root, ['spring', 'security', 'oauth2', 'resourceserver', token, uri]);
      if (found) return [{ what: 'the resource server', path: [...path, ...found.path] }];
    }
  return [];
}

function find(root: unknown, names: readonly string[]): { value: unknown; path: Path } | undefined {
  if (names.length === 0) return { value: root, path: [] };
  if (!isRaw(root)) return undefined;
  for (let size = names.length; size > 0; size--) {
    const key = names.slice(0, size).join('.');
    if (!Object.hasOwn(root, key)) continue;
    const rest = find(root[key], names.slice(size));
    if (rest) return { value: rest.value, path: [key, ...rest.path] };
  }
  return undefined;
}

const EMBEDDED_MAX = 256 * 1024;

/** Configuration files that a ConfigMap carries. */
function configMap(resource: Resource): readonly Place[] {
  const { data } = resource.body;
  if (!isRaw(data)) return [];
  return Object.entries(data).flatMap(([name, text]) => {
    if (typeof text !== 'string' || text.length > EMBEDDED_MAX) return [];
    if (/\.ya?ml$/.test(name) && /opaque-?token/.test(text))
      return readYaml(name, text).documents.flatMap(({ value }) =>
        spring(value, []).map((place) => ({ ...place, path: ['data', name] })),
      );
    if (
      name.endsWith('.properties') &&
      /^[ \t]*spring\.security\.oauth2\.resourceserver\.opaque-?token\.introspection-uri/m.test(text)
    )
      return [{ what: 'the resource server', path: ['data', name] }];
    return [];
  });
}

function kong(plugin: unknown, config: unknown, path: Path): readonly Place[] {
  if (!isRaw(config)) return [];
  if (plugin === 'oauth2-introspection') return [{ what: "Kong's plugin `oauth2-introspection`", path }];
  const introspects =
    'introspection_endpoint' in config ||
    (Array.isArray(config['auth_methods']) && config['auth_methods'].includes('introspection'));
  const checks = ['issuers_allowed', 'audience_required', 'audience'].some(
    (name) => Array.isArray(config[name]) && config[name].length > 0,
  );
  return plugin === 'openid-connect' && introspects && !checks
    ? [
        {
          what: "Kong's plugin `openid-connect`",
          path,
          fix: 'config:\n  issuers_allowed: ["https://login.example.com/"]\n  audience_required: [my-api]\n',
        },
      ]
    : [];
}

function apisix(value: unknown, path: Path, depth: number): readonly Place[] {
  if (depth > 12) return [];
  if (Array.isArray(value)) return value.flatMap((one, i) => apisix(one, [...path, i], depth + 1));
  if (!isRaw(value)) return [];
  if (value['name'] === 'openid-connect' && isRaw(value['config']) && value['enable'] !== false) {
    const { config } = value;
    const validator = isRaw(config) ? config['claim_validator'] : undefined;
    const checks = isRaw(validator) && (isRaw(validator['issuer']) || isRaw(validator['audience']));
    return isRaw(config) && 'introspection_endpoint' in config && !checks
      ? [
          {
            what: "APISIX's plugin `openid-connect`",
            path: [...path, 'config'],
            fix: 'config:\n  claim_validator:\n    issuer:\n      valid_issuers: ["https://login.example.com/"]\n    audience:\n      required: true\n',
          },
        ]
      : [];
  }
  return Object.entries(value).flatMap(([name, one]) => apisix(one, [...path, name], depth + 1));
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
