// Traefik Middlewares, as an Ingress or an IngressRoute names them.
import type { Resource } from '#model/resource.ts';
import type { AnnotationView, IngressDraft, IngressSetting } from './ingress-settings.ts';
import { listOf } from './ingress-annotations.ts';

type Raw = Readonly<Record<string, unknown>>;
const NAMES_MAX = 100;

/** `router.middlewares: shop-auth@kubernetescrd, shop-limit@kubernetescrd` to what the Middlewares do. */
export function traefikSettings(view: AnnotationView, draft: IngressDraft, ingress: Resource, others: readonly Resource[]): void {
  const found = view.get('router.middlewares');
  if (!found) return;
  const known = others.filter((each) => each.kind === 'Middleware' && each.apiVersion.startsWith('traefik.'));
  for (const written of listOf(found.value).slice(0, NAMES_MAX)) {
    const name = written.replace(/@.*$/, '');
    const middleware =
      known.find(({ metadata }) => `${metadata.namespace}-${metadata.name}` === name) ??
      known.find(({ metadata }) => metadata.namespace === ingress.metadata.namespace && metadata.name === name);
    if (middleware) middlewareSettings(middleware, found.key, draft, known, 0);
  }
}

/** Adds what one Middleware does; chains are followed. */
export function middlewareSettings(
  middleware: Resource,
  key: string,
  draft: IngressDraft,
  known: readonly Resource[],
  depth: number,
): void {
  const spec = raw(middleware.spec);
  const as = <T>(value: T): IngressSetting<T> => ({ value, key, resource: middleware });
  for (const [kind, value] of Object.entries(spec)) {
    const inner = raw(value);
    if (kind === 'basicAuth' || kind === 'digestAuth') {
      const by = text(inner['secret']);
      draft.authentications.push(as({ kind: kind === 'basicAuth' ? 'basic' : 'digest', enforced: true, by }));
    } else if (kind === 'forwardAuth') {
      draft.authentications.push(as({ kind: 'external', enforced: true, by: text(inner['address']) }));
    } else if (kind === 'rateLimit') {
      const amount = Number(inner['average'] ?? 0);
      if (amount > 0) draft.rateLimits.push(as({ amount, unit: 'requests', perSeconds: period(inner['period']) }));
    } else if (kind === 'inFlightReq') {
      const amount = Number(inner['amount'] ?? 0);
      if (amount > 0) draft.rateLimits.push(as({ amount, unit: 'connections', perSeconds: 0 }));
    } else if (kind === 'ipAllowList' || kind === 'ipWhiteList') {
      const values = texts(inner['sourceRange']);
      if (values.length > 0) draft.sourceRanges = as(values);
    } else if (kind === 'redirectScheme') {
      if (text(inner['scheme']) === 'https') draft.tlsRedirect = as(true);
    } else if (kind === 'stripPrefix' || kind === 'replacePath' || kind === 'replacePathRegex' || kind === 'stripPrefixRegex') {
      draft.rewrite ??= as(text(inner['path'] ?? inner['replacement'] ?? texts(inner['prefixes'] ?? inner['regex'])[0]));
    } else if (kind === 'headers') {
      const origins = [...texts(inner['accessControlAllowOriginList']), ...texts(inner['accessControlAllowOriginListRegex'])];
      if (origins.length > 0) draft.cors = as({ origins, credentials: inner['accessControlAllowCredentials'] === true });
    } else if (kind === 'plugin') {
      const name = Object.keys(inner).find((each) => /waf|coraza|modsecurity/i.test(each));
      if (name !== undefined) draft.waf = as({ on: true, by: name });
    } else if (kind === 'chain' && depth < 8) {
      const list: unknown = inner['middlewares'];
      for (const each of Array.isArray(list) ? list.slice(0, NAMES_MAX) : []) {
        const namespace = text(raw(each)['namespace']) || middleware.metadata.namespace;
        const next = known.find(({ metadata }) => metadata.namespace === namespace && metadata.name === text(raw(each)['name']));
        if (next && next !== middleware) middlewareSettings(next, key, draft, known, depth + 1);
      }
    }
  }
}

function raw(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

/** Go duration or whole seconds. */
function period(value: unknown): number {
  const read = /^(\d{1,9})(ms|s|m|h)?$/.exec(typeof value === 'number' || typeof value === 'string' ? String(value) : '1s');
  return read ? Number(read[1]) * ({ ms: 0.001, s: 1, m: 60, h: 3600 }[read[2] ?? 's'] ?? 1) : 1;
}
