// `spring.security.oauth2` of an application's configuration, in YAML or as properties.
import type { OAuthClient } from '#model/oauth.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { Facts } from './facts.ts';
import { given, isLiteral } from './facts.ts';

/** The mapping at dotted names, however they are split into keys: `spring.security: {oauth2: …}`. */
export function dotted(facts: Facts, name: string, depth = 0): Facts | undefined {
  if (name === '') return facts;
  if (depth > 8) return undefined;
  const parts = name.split('.');
  for (let size = parts.length; size > 0; size--) {
    const key = parts.slice(0, size).join('.');
    if (!isObject(facts.raw[key])) continue;
    const found = dotted(facts.inside(key), parts.slice(size).join('.'), depth + 1);
    if (found) return found;
  }
  return undefined;
}

/** Spring takes `client-id`, `clientId` and `client_id` for one name. */
function relaxed(facts: Facts): (name: string) => string {
  const names = new Map(Object.keys(facts.raw).map((name) => [name.toLowerCase().replaceAll(/[-_]/g, ''), name]));
  return (name) => names.get(name) ?? name;
}

export function springClients(facts: Facts, resource: Resource): readonly OAuthClient[] {
  const registrations = dotted(facts, 'spring.security.oauth2.client.registration');
  if (!registrations) return [];
  return registrations.entries().map(([id, client]) => springClient(id, client, resource));
}

function springClient(id: string, facts: Facts, resource: Resource): OAuthClient {
  const key = relaxed(facts);
  const grant = facts.text(key('authorizationgranttype'));
  const method = facts.text(key('clientauthenticationmethod'));
  const secret: Path = [...facts.path, key('clientsecret')];
  return {
    source: 'spring',
    id: facts.text(key('clientid'))?.value ?? id,
    resource,
    path: facts.path,
    enabled: true,
    ...given('public', method && { value: method.value === 'none', path: method.path }),
    ...given('grants', grant && { value: [grant.value], path: grant.path }),
    redirectUris: facts.each(key('redirecturi')),
    webOrigins: [],
    ...given('authentication', method),
    ...given(
      'secret',
      facts.has(key('clientsecret')) ? { path: secret, literal: isLiteral(facts.raw[key('clientsecret')]) } : undefined,
    ),
  };
}

/** `a.b.c=d` lines to nested mappings, with the line of each key. Values of list items (`a[0]`) become lists. */
export function propertiesOf(text: string): {
  readonly raw: Record<string, unknown>;
  readonly lines: ReadonlyMap<string, number>;
} {
  const raw = Object.create(null) as Record<string, unknown>;
  const lines = new Map<string, number>();
  for (const [i, line] of text.split('\n').slice(0, 20_000).entries()) {
    const found = /^\s*([\w.[\]-]{1,300})\s*[=:]\s*(.*?)\s*$/.exec(line.slice(0, 4000));
    if (!found || /^\s*[#!]/.test(line)) continue;
    const parts = found[1]!
      .replaceAll(/\[(\d{1,4})\]/g, '.$1')
      .split('.')
      .filter((part) => part !== '' && part !== '__proto__')
      .slice(0, 20);
    let at: Record<string, unknown> = raw;
    for (const part of parts.slice(0, -1)) {
      const next = at[part];
      at = isObject(next) ? (next as Record<string, unknown>) : ((at[part] = Object.create(null)) as Record<string, unknown>);
    }
    const last = parts.at(-1);
    if (last === undefined || isObject(at[last])) continue;
    at[last] = found[2];
    for (let size = 1; size <= parts.length; size++)
      if (!lines.has(parts.slice(0, size).join('.'))) lines.set(parts.slice(0, size).join('.'), i + 1);
  }
  return { raw, lines };
}
