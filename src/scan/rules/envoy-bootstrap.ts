// Envoy's own configuration, in a file or carried by a ConfigMap, as rules ask about it.
import { readYaml } from '#syntax/yaml.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface Bootstrap {
  /** Path of a member in the document that the resource was read from: the ConfigMap's key when it is carried. */
  readonly pathOf: (path: Path) => Path;
  readonly root: Raw;
}

/** An object with the way to it. */
export interface Found {
  readonly value: Raw;
  readonly path: Path;
}

const EMBEDDED_MAX = 512 * 1024;
const NODES_MAX = 200_000;

/** What a resource configures of Envoy. */
export function bootstrapsOf(resource: Resource): readonly Bootstrap[] {
  if (resource.kind === 'EnvoyConfiguration' && isRaw(resource.spec)) return [{ root: resource.spec, pathOf: (path) => path }];
  const data = resource.kind === 'ConfigMap' ? resource.body['data'] : undefined;
  if (!isRaw(data)) return [];
  return Object.entries(data).flatMap(([name, text]) =>
    typeof text === 'string' && text.length < EMBEDDED_MAX && /\.(?:ya?ml|json)$/.test(name) && text.includes('static_resources')
      ? readYaml(name, text).documents.flatMap(({ value }) =>
          isRaw(value) ? [{ root: value, pathOf: (): Path => ['data', name] }] : [],
        )
      : [],
  );
}

/** Every `typed_config` of a type, by the last part of its name: `UpstreamTlsContext`. */
export function configsOf({ root }: Bootstrap, type: string): readonly Found[] {
  const found: Found[] = [];
  const open: { readonly value: unknown; readonly path: Path }[] = [
    { value: root['static_resources'], path: ['static_resources'] },
  ];
  for (let seen = 0; open.length > 0 && seen < NODES_MAX; seen++) {
    const { value, path } = open.pop()!;
    if (path.length > 40) continue;
    if (Array.isArray(value)) for (const [i, one] of value.entries()) open.push({ value: one as unknown, path: [...path, i] });
    else if (isRaw(value)) {
      const name = value['@type'];
      if (typeof name === 'string' && name.endsWith(`.${type}`)) found.push({ value, path });
      for (const [key, one] of Object.entries(value))
        if (typeof one === 'object') open.push({ value: one, path: [...path, key] });
    }
  }
  return found.toReversed();
}

export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
