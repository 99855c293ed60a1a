// Takes a used token out of the request, so that the application does not get a credential it has no use for.
import type { Headers } from './headers.ts';

/** Cuts cookies by name out of every Cookie header. */
export function removeCookies(headers: Headers, names: readonly string[]): void {
  const values = headers.all('cookie');
  if (values.length === 0) return;
  const kept = values
    .join(';')
    .split(';')
    .filter((pair) => !names.includes(pair.slice(0, Math.max(0, pair.indexOf('='))).trim()))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
  headers.remove('cookie');
  if (kept.length > 0) headers.set('cookie', kept.join('; '));
}

/** Cuts parameters by name out of a query. @param query with its `?`, or '' */
export function removeParams(query: string, names: readonly string[]): string {
  if (query === '') return query;
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => !names.includes(decoded(pair.split('=', 1)[0]!)));
  return kept.length === 0 ? '' : `?${kept.join('&')}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

/** Sets and then cuts parameters of a query. @param query with its `?`, or '' @param set names and values, not yet encoded */
export function changeParams(query: string, set: readonly (readonly [string, string])[], cut: readonly string[]): string {
  const names = [...set.map(([name]) => name), ...cut];
  const kept = names.length === 0 ? query : removeParams(query, names);
  const added = set
    .filter(([name]) => !cut.includes(name))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  if (added.length === 0) return kept;
  return `${kept === '' ? '?' : `${kept}&`}${added.join('&')}`;
}
