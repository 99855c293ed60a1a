// Path rewriting and redirects of HTTPRoute filters (Gateway API, HTTPURLRewriteFilter and HTTPRequestRedirectFilter).
import type { HttpRouteFilter, PathModifier } from '#model/gateway.ts';
import type { PathNormalization } from '#model/istio.ts';
import { normalizeTarget } from '#plan/normalise.ts';
import type { Exchange } from './exchange.ts';

/**
 * The path and query for the next hop. The result is normalised again: joining may have made `//` or a dot segment.
 * @param matchedPrefix value of the route match that was met, for ReplacePrefixMatch
 * @returns undefined when the result is no valid target
 */
export function rewrite(
  path: string,
  query: string,
  modifier: PathModifier | undefined,
  matchedPrefix: string,
  mode: PathNormalization,
): string | undefined {
  if (!modifier) return path + query;
  const normal = normalizeTarget(modifiedPath(path, modifier, matchedPrefix) + query, mode);
  return normal.ok ? normal.target : undefined;
}

/** `/foo` to `/bar`: `/foo/x` becomes `/bar/x`, `/foo` becomes `/bar`; a prefix and a value may end in `/` or not, to the same effect. */
function modifiedPath(path: string, modifier: PathModifier, matchedPrefix: string): string {
  if (modifier.type === 'ReplaceFullPath') return modifier.value.startsWith('/') ? modifier.value : `/${modifier.value}`;
  const prefix = matchedPrefix.endsWith('/') ? matchedPrefix.slice(0, -1) : matchedPrefix;
  const rest = path.startsWith(prefix) ? path.slice(prefix.length) : '';
  const value = modifier.value.replace(/\/+$/, '');
  const joined = `${value}${rest}`;
  return joined.startsWith('/') ? joined : `/${joined}`;
}

/** The Location of a redirect; the port is left out where it is the scheme's own. @returns undefined when there is no valid one */
export function redirect(
  x: Exchange,
  filter: HttpRouteFilter & { readonly type: 'RequestRedirect' },
  matchedPrefix: string,
): string | undefined {
  const own = x.service.mtls === 'edge' ? 'https' : 'http';
  const scheme = filter.scheme ?? own;
  const standard = scheme === 'https' ? 443 : 80;
  const port = filter.port ?? (filter.scheme !== undefined ? standard : ownPort(x));
  const host = filter.hostname ?? hostOf(x.host);
  const target = rewrite(x.path, x.query, filter.path, matchedPrefix, x.service.config.mesh.pathNormalization);
  if (host === '' || target === undefined) return undefined;
  return `${scheme}://${host}${port === standard ? '' : `:${port}`}${target}`;
}

/** The port that the client asked for. A sidecar's own listener is nothing that a caller should see. */
function ownPort(x: Exchange): number {
  return x.service.role === 'sidecar-out' ? x.service.port : x.service.listen.port;
}

function hostOf(authority: string): string {
  const end = authority.lastIndexOf(':');
  return end > authority.lastIndexOf(']') ? authority.slice(0, end) : authority;
}
