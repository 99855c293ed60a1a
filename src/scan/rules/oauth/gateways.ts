// API gateways that ask the authorization server about tokens: Kong, APISIX, OpenResty.
import type { Path } from '#model/origin.ts';

export type Raw = Readonly<Record<string, unknown>>;

export interface Place {
  readonly what: string;
  readonly path: Path;
  readonly fix?: string;
}

const DEPTH_MAX = 12;

export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : typeof value === 'string' && value !== '';
}

/** A plugin of Kong; `oauth2-introspection` has no setting that compares the issuer. */
export function kongPlugin(plugin: unknown, config: unknown, path: Path): readonly Place[] {
  if (!isRaw(config)) return [];
  if (plugin === 'oauth2-introspection') return [{ what: "Kong's plugin `oauth2-introspection`", path }];
  const introspects =
    isFilled(config['introspection_endpoint']) ||
    (Array.isArray(config['auth_methods']) && config['auth_methods'].includes('introspection'));
  return plugin === 'openid-connect' && introspects && !isFilled(config['issuers_allowed'])
    ? [
        {
          what: "Kong's plugin `openid-connect`",
          path,
          fix: 'config:\n  issuers_allowed: ["https://login.example.com/"]\n  audience_required: [my-api]\n',
        },
      ]
    : [];
}

/** Entities of Kong's declarative configuration that hold plugins or other entities. */
const KONG_HOLDERS = ['services', 'routes', 'consumers', 'consumer_groups'] as const;

export function kongConfiguration(value: unknown, path: Path = [], depth = 0): readonly Place[] {
  if (!isRaw(value) || depth > DEPTH_MAX) return [];
  const plugins = listOf(value['plugins']).flatMap((plugin, i) =>
    isRaw(plugin) && plugin['enabled'] !== false
      ? kongPlugin(plugin['name'], plugin['config'], [...path, 'plugins', i, 'config'])
      : [],
  );
  return [
    ...plugins,
    ...KONG_HOLDERS.flatMap((name) =>
      listOf(value[name]).flatMap((one, i) => kongConfiguration(one, [...path, name, i], depth + 1)),
    ),
  ];
}

/** APISIX compares issuers of introspected tokens only when it is told which. */
function apisixPlugin(config: unknown, path: Path): readonly Place[] {
  if (!isRaw(config) || !isFilled(config['introspection_endpoint'])) return [];
  const validator = isRaw(config['claim_validator']) ? config['claim_validator'] : {};
  const issuer = isRaw(validator['issuer']) ? validator['issuer'] : {};
  if (isFilled(issuer['valid_issuers'])) return [];
  return [
    {
      what: "APISIX's plugin `openid-connect`",
      path,
      fix: 'claim_validator:\n  issuer:\n    valid_issuers: ["https://login.example.com/"]\n  audience:\n    required: true\n',
    },
  ];
}

/** Standalone configuration: plugins by name in routes, services, global rules and consumers. */
export function apisixConfiguration(value: unknown): readonly Place[] {
  if (!isRaw(value)) return [];
  return ['routes', 'services', 'global_rules', 'plugin_configs', 'consumers', 'consumer_groups'].flatMap((name) =>
    listOf(value[name]).flatMap((one, i) => {
      const plugins = isRaw(one) && isRaw(one['plugins']) && one['status'] !== 0 ? one['plugins'] : {};
      const config = plugins['openid-connect'];
      const meta = isRaw(config) && isRaw(config['_meta']) ? config['_meta'] : {};
      return meta['disable'] === true ? [] : apisixPlugin(config, [name, i, 'plugins', 'openid-connect']);
    }),
  );
}

/** Kinds of the APISIX ingress controller, in which plugins are lists of `{name, enable, config}`. */
export function apisixResource(value: unknown, path: Path, depth: number): readonly Place[] {
  if (depth > DEPTH_MAX) return [];
  if (Array.isArray(value)) return value.flatMap((one, i) => apisixResource(one, [...path, i], depth + 1));
  if (!isRaw(value)) return [];
  if (value['name'] === 'openid-connect' && isRaw(value['config']))
    return value['enable'] === false ? [] : apisixPlugin(value['config'], [...path, 'config']);
  return Object.entries(value).flatMap(([name, one]) => apisixResource(one, [...path, name], depth + 1));
}

/** A comparison of the answer's issuer in Lua: `res.iss ~= x`, `x == res["iss"]`, `trusted[res.iss]`. */
const LUA_ISSUER =
  /(?:\.iss\b|\[\s?["']iss["']\s?\])\s{0,10}\)?\s{0,10}[~=]=(?!\s{0,10}nil)|[~=]=\s{0,10}[\w.]{1,60}(?:\.iss\b|\[["']iss["']\])|\w\[[\w.]{1,60}\.iss\]/;

/** `require("resty.openidc").introspect(opts)` of lua-resty-openidc, which looks at `active` and times alone. */
export function openrestyPlaces(directives: unknown, path: Path = []): readonly Place[] {
  return listOf(directives).flatMap((directive, i): Place[] => {
    const args = isRaw(directive) ? listOf(directive['args']) : [];
    const lua = args.filter((one) => typeof one === 'string' && /\bintrospect\s{0,10}\(/.test(one)).join('\n');
    const code = lua.replaceAll(/--[^\n]{0,2000}/g, '');
    if (!/openidc/.test(code) || !/\bintrospect\s{0,10}\(/.test(code) || LUA_ISSUER.test(code)) return [];
    return [{ what: 'lua-resty-openidc (`introspect`)', path: [...path, i] }];
  });
}

/** Entities of a list that are looked at; a gateway with more is generated, and its first ones say the same. */
const ENTITIES_MAX = 2000;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, ENTITIES_MAX) : [];
}
