/** Where something was written. Line and column count from 1; the column counts UTF-16 units. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Keys and indexes from the root of a resource, e.g. `['spec', 'rules', 0, 'to', 1]`. */
export type Path = readonly (string | number)[];

/** Made by the reader that read the text; answers for the nearest ancestor when the path itself was not written. */
export interface OriginSource {
  /** The file of the whole, where that is known without looking for a place in it. */
  readonly file?: string;
  locate(path: Path): Location;
}

const table = new WeakMap<object, OriginSource>();

/** Remembers where a resource came from, beside the value: the value stays plain data, and two equal texts stay equal values. */
export function setOrigin(resource: object, source: OriginSource): void {
  table.set(resource, source);
}

/** The place of a resource, or of a part inside it; undefined for one that was not read from text. */
export function originOf(resource: object, path: Path = []): Location | undefined {
  return table.get(resource)?.locate(path);
}

/** The file that a resource stands in; cheaper than its place, which has to be looked for. */
export function fileOf(resource: object): string | undefined {
  const source = table.get(resource);
  return source?.file ?? source?.locate([]).file;
}

/** `shop.yaml:12:9`, or `(no source)`. */
export function formatLocation(location: Location | undefined): string {
  return location ? `${location.file}:${location.line}:${location.column}` : '(no source)';
}

/** `spec.rules[0].to[1].operation.paths` */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(part)) text += text ? `.${part}` : part;
    else text += `["${part}"]`;
  }
  return text;
}
