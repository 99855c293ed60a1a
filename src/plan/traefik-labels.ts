// Routers that Traefik makes of a container's labels (Docker provider), as Compose files write them.
import type { Resource } from '#model/resource.ts';
import type { IngressDraft, IngressSettings } from './ingress-settings.ts';
import { listOf } from './ingress-annotations.ts';
import { middlewareSettings } from './ingress-traefik.ts';

export interface TraefikRouter {
  readonly name: string;
  /** Label that holds its rule. */
  readonly key: string;
  readonly hosts: readonly string[];
  /** Paths and beginnings of paths; empty: all. */
  readonly paths: readonly string[];
  readonly entryPoints: readonly string[];
  readonly tls: boolean;
  /** Port of the container that its service names. */
  readonly port?: number;
  /** What its middlewares do; `key` of a setting is the label that names the middlewares. */
  readonly settings: IngressSettings;
}

const ROUTERS_MAX = 200;
/** Labels are written in lower case; these are the members as resources have them. */
const MEMBERS = (
  'basicAuth digestAuth forwardAuth rateLimit inFlightReq ipAllowList ipWhiteList redirectScheme stripPrefix ' +
  'stripPrefixRegex replacePath replacePathRegex headers plugin chain sourceRange prefixes ' +
  'accessControlAllowOriginList accessControlAllowOriginListRegex accessControlAllowCredentials middlewares '
)
  .trim()
  .split(' ');
const BY_LOWER = new Map(MEMBERS.map((member) => [member.toLowerCase(), member]));
const LISTS = new Set(['sourceRange', 'prefixes', 'accessControlAllowOriginList', 'accessControlAllowOriginListRegex']);

/**
 * Reads the HTTP routers of one container.
 * @param labels of a Compose service
 * @returns none when `traefik.enable` is false
 */
export function traefikRouters(labels: Readonly<Record<string, string>>): readonly TraefikRouter[] {
  if (/^false$/i.test(valueOf(labels, 'traefik.enable') ?? '')) return [];
  const names = new Set<string>();
  for (const label of Object.keys(labels)) {
    const name = /^traefik\.http\.routers\.([^.]{1,200})\./i.exec(label)?.[1];
    if (name !== undefined && names.size < ROUTERS_MAX) names.add(name);
  }
  const middlewares = middlewaresOf(labels);
  return [...names].map((name) => {
    const at = (member: string): string | undefined => valueOf(labels, `traefik.http.routers.${name}.${member}`);
    const rule = (at('rule') ?? '').slice(0, 10_000);
    const service = at('service') ?? name;
    const port = Number(valueOf(labels, `traefik.http.services.${service}.loadbalancer.server.port`));
    const tls = Object.keys(labels).some((label) => {
      const prefix = `traefik.http.routers.${name}.tls`;
      const lower = label.toLowerCase();
      return (lower === prefix && labels[label] !== 'false') || lower.startsWith(`${prefix}.`);
    });
    return {
      name,
      key: `traefik.http.routers.${name}.rule`,
      hosts: argumentsOf(rule, /Host(?:SNI|Regexp)?\(([^()]{1,1000})\)/g),
      paths: argumentsOf(rule, /Path(?:Prefix|Regexp)?\(([^()]{1,1000})\)/g),
      entryPoints: listOf(at('entrypoints') ?? ''),
      tls,
      ...(Number.isInteger(port) && port > 0 && port < 65_536 && { port }),
      settings: settingsOf(at('middlewares') ?? '', `traefik.http.routers.${name}.middlewares`, middlewares),
    };
  });
}

/** Labels are compared in lower case. */
function valueOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  const wanted = key.toLowerCase();
  if (Object.hasOwn(labels, key)) return labels[key];
  const found = Object.keys(labels).find((label) => label.toLowerCase() === wanted);
  return found === undefined ? undefined : labels[found];
}

/** What stands in backticks or quotes: `Host(`a`, `b`)`. */
function argumentsOf(rule: string, call: RegExp): readonly string[] {
  const found = [...rule.matchAll(call)].flatMap(([, inner]) =>
    [...inner!.matchAll(/[`"']([^`"']{1,300})[`"']/g)].map((each) => each[1]!),
  );
  return [...new Set(found)];
}

function settingsOf(names: string, key: string, middlewares: readonly Resource[]): IngressSettings {
  const draft: IngressDraft = { controllers: ['traefik'], rateLimits: [], authentications: [], snippets: [], tlsPolicies: [] };
  for (const written of listOf(names).slice(0, ROUTERS_MAX)) {
    const name = written.replace(/@.*$/, '').toLowerCase();
    const middleware = middlewares.find(({ metadata }) => metadata.name === name);
    if (middleware) middlewareSettings(middleware, key, draft, middlewares, 0);
  }
  return draft;
}

/** `traefik.http.middlewares.NAME.KIND.MEMBER` to the resources that would say the same. */
function middlewaresOf(labels: Readonly<Record<string, string>>): readonly Resource[] {
  const specs = new Map<string, Record<string, Record<string, unknown>>>();
  for (const [label, value] of Object.entries(labels)) {
    const read = /^traefik\.http\.middlewares\.([^.]{1,200})\.([^.]{1,100})\.?(.{0,300})$/i.exec(label);
    if (!read) continue;
    const [, name, kind, rest] = read as unknown as [string, string, string, string];
    const type = BY_LOWER.get(kind.toLowerCase()) ?? kind.toLowerCase();
    const first = rest.split(/[.[]/, 1)[0]!.toLowerCase();
    const member = BY_LOWER.get(first) ?? first;
    const spec = specs.get(name.toLowerCase()) ?? {};
    specs.set(name.toLowerCase(), spec);
    if (type === '__proto__' || member === '__proto__') continue;
    spec[type] ??= {};
    // Names and hashes of passwords are no part of what is asked.
    if (member === 'users' || member === 'usersfile') continue;
    const own = spec[type];
    if (member === 'middlewares') own[member] = listOf(value).map((each) => ({ name: each.replace(/@.*$/, '').toLowerCase() }));
    else if (LISTS.has(member)) own[member] = listOf(value);
    else own[member] = value === 'true' ? true : value === 'false' ? false : value;
  }
  return [...specs].map(([name, spec]) => ({
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'Middleware',
    metadata: { name, namespace: '', labels: {}, annotations: {} },
    spec,
    body: {},
  }));
}
