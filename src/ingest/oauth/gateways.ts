// Files of API gateways that are no Kubernetes objects: Kong's declarative configuration (decK), APISIX in standalone mode.
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';

const KONG_LISTS = ['services', 'routes', 'plugins', 'consumers', 'consumer_groups', 'upstreams', 'certificates'] as const;

/** `_format_version: "3.0"` with lists of Kong's entities. */
export function isKong(raw: RawObject): boolean {
  return (
    (typeof raw['_format_version'] === 'string' || typeof raw['_format_version'] === 'number') &&
    KONG_LISTS.some((name) => Array.isArray(raw[name]))
  );
}

const APISIX_LISTS = ['routes', 'services', 'global_rules', 'plugin_configs', 'consumers', 'consumer_groups'] as const;

/** `apisix.yaml`: lists whose objects carry plugins by name, routes with `uri` and where they lead. */
export function isApisix(raw: RawObject, file: string): boolean {
  if ('apiVersion' in raw || 'kind' in raw) return false;
  const objects = APISIX_LISTS.flatMap((name) => {
    const list = raw[name];
    return Array.isArray(list) ? list.filter(isObject) : [];
  });
  if (objects.length === 0) return false;
  const leads = (one: RawObject): boolean =>
    'upstream' in one || 'upstream_id' in one || 'service_id' in one || 'plugin_config_id' in one;
  return objects.some(
    (one) =>
      (('uri' in one || 'uris' in one) && (leads(one) || isObject(one['plugins']))) ||
      (isObject(one['plugins']) && (/apisix/i.test(file) || leads(one))),
  );
}
