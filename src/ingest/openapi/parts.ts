// Small readers that the parts of a specification share.
import type { ApiNode, ApiServer } from '#model/api.ts';
import { member } from '#model/api-reference.ts';
import { isObject } from '../check.ts';

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

const NONE: readonly never[] = Object.freeze([]);

/** The members of a mapping as nodes; nothing for what is none. */
export function entriesOf(node: ApiNode | undefined): readonly (readonly [name: string, node: ApiNode])[] {
  if (!node || !isObject(node.value)) return NONE;
  const entries: (readonly [string, ApiNode])[] = [];
  for (const name in node.value) {
    const inside = member(node, name);
    if (inside) entries.push([name, inside]);
  }
  return entries;
}

/** `servers` with their variables at the defaults; of Swagger 2 `schemes`, `host` and `basePath`. */
export function serversOf(holder: ApiNode, version: string): readonly ApiServer[] {
  if (!isObject(holder.value)) return [];
  if (version.startsWith('2')) {
    const { host, basePath, schemes } = holder.value;
    if (typeof host !== 'string' && !Array.isArray(schemes)) return [];
    const names = Array.isArray(schemes) ? schemes.filter((one): one is string => typeof one === 'string') : [];
    const base = `${textOf(host)}${textOf(basePath)}`;
    if (names.length === 0) return [{ url: `//${base}`, at: [...holder.path, 'host'] }];
    return names.map((scheme, i) => ({ url: `${scheme}://${base}`, at: [...holder.path, 'schemes', i] }));
  }
  if (holder.value['servers'] === undefined) return NONE;
  const list = member(holder, 'servers');
  if (!list || !Array.isArray(list.value)) return NONE;
  return list.value.flatMap((server: unknown, i): ApiServer[] => {
    if (!isObject(server) || typeof server['url'] !== 'string') return [];
    const variables = isObject(server['variables']) ? server['variables'] : {};
    const url = server['url'].replaceAll(/\{([^{}]{1,100})\}/g, (whole, name: string) => {
      const variable = variables[name];
      return isObject(variable) ? textOf(variable['default']) : whole;
    });
    return [{ url, at: [...list.path, i, 'url'] }];
  });
}
