// One text to the documents that stand in it.
import { canonicalJson } from '#base/canonical-json.ts';
import { formatLocation, formatPath, originOf } from '#model/origin.ts';
import type { OriginSource, Path } from '#model/origin.ts';
import { DEFAULT_YAML_LIMITS } from '#syntax/mistake.ts';
import { decodeText } from '#syntax/text.ts';
import { eachYamlDocument } from '#syntax/yaml.ts';
import type { YamlDocument } from '#syntax/yaml.ts';
import { isObject } from './check.ts';
import type { RawObject } from './check.ts';
import type { Findings } from './findings.ts';
import type { Format, FoundDocument } from './format.ts';
import { FORMATS, TEXT_FORMATS } from './formats.ts';
import { importDocument } from './import.ts';
import type { ImportedDocument } from './import.ts';

export interface SourceText {
  /** Name for people; not opened here. */
  readonly file: string;
  readonly text: string | Uint8Array;
}

export interface LoadOptions {
  readonly defaultNamespace: string;
  /** Takes documents of formats whose files speak together; they are read when all are there. */
  readonly gather: (format: Format, found: FoundDocument) => void;
  /** Sees every parsed document first; true: it is dealt with. */
  readonly intercept?: (raw: unknown, origin: OriginSource) => boolean;
}

const LIST_DEPTH_MAX = 8;
const YAML_OR_JSON = /\.(?:ya?ml|json)$/;

/**
 * Reads one text in whatever format it is. Mistakes are told; never throws for what a text says.
 * @param keep takes each document, and whether it is none of Kubernetes
 */
export function loadText(
  { file, text }: SourceText,
  options: LoadOptions,
  out: Findings,
  keep: (document: ImportedDocument, foreign: boolean) => void,
): void {
  const textFormat = YAML_OR_JSON.test(file) ? undefined : TEXT_FORMATS.find((format) => format.matches(file));
  if (textFormat) {
    const decoded = decodeText(file, text, DEFAULT_YAML_LIMITS);
    if ('mistake' in decoded) out.push(decoded.mistake);
    else for (const document of textFormat.read(file, decoded.text, out)) keep(document, true);
    return;
  }
  const take = (raw: unknown, origin: OriginSource): void => {
    if (options.intercept?.(raw, origin)) return;
    const format = formatOf(raw, file);
    if (format?.readAll) options.gather(format, { raw: raw as RawObject, origin, file });
    else if (format) for (const document of format.read(raw as RawObject, origin, file, out)) keep(document, true);
    else {
      const document = importDocument(raw, origin, options.defaultNamespace, out);
      if (document) keep(document, false);
    }
  };
  const mistakes = eachYamlDocument(file, text, (document) => unpack(document.value, document, [], 0, take, out));
  for (const mistake of mistakes) out.push(mistake);
}

/** The text of any of these files, by its path; for formats that look beside themselves. */
export function textLookup(sources: readonly SourceText[]): (file: string) => string | undefined {
  let byFile: Map<string, SourceText> | undefined;
  return (file) => {
    byFile ??= new Map(sources.map((source) => [source.file, source]));
    const source = byFile.get(file);
    if (!source) return undefined;
    const decoded = decodeText(file, source.text, DEFAULT_YAML_LIMITS);
    return 'mistake' in decoded ? undefined : decoded.text;
  };
}

/** The format beside Kubernetes objects that a document is in. */
export function formatOf(raw: unknown, file: string): Format | undefined {
  if (!isObject(raw) || 'apiVersion' in raw || 'kind' in raw) return undefined;
  return FORMATS.find((format) => format.matches(raw, file));
}

/** Hands over the items of lists, and everything else as it is. */
export function unpack(
  raw: unknown,
  document: Pick<YamlDocument, 'locate' | 'file'>,
  path: Path,
  depth: number,
  take: (raw: unknown, origin: OriginSource) => void,
  out: Findings,
): void {
  const origin: OriginSource = {
    ...(document.file !== undefined && { file: document.file }),
    locate: path.length === 0 ? (inner) => document.locate(inner) : (inner) => document.locate([...path, ...inner]),
  };
  if (!isList(raw)) {
    take(raw, origin);
    return;
  }
  if (depth >= LIST_DEPTH_MAX) {
    out.push({ code: 'resource.list', severity: 'error', message: 'lists are nested too deeply', location: origin.locate([]) });
    return;
  }
  raw.items.forEach((item, i) => unpack(item, document, [...path, 'items', i], depth + 1, take, out));
}

function isList(raw: unknown): raw is { readonly items: readonly unknown[] } {
  return isObject(raw) && typeof raw['kind'] === 'string' && raw['kind'].endsWith('List') && Array.isArray(raw['items']);
}

/** `apps/Deployment shop/cart`: two documents with one of these are one object. */
export function objectId({ group, resource }: ImportedDocument): string {
  return `${group}/${resource.kind} ${resource.metadata.namespace}/${resource.metadata.name}`;
}

/** Whether an object is seen for the first time; tells when it is not. @param seen what was kept before, by objectId */
export function isNew(document: ImportedDocument, seen: Map<string, ImportedDocument>, out: Findings): boolean {
  const { resource } = document;
  const { namespace, name } = resource.metadata;
  const id = objectId(document);
  const first = seen.get(id);
  if (!first || name === '') {
    seen.set(id, document);
    return true;
  }
  const same = canonicalJson(first.resource) === canonicalJson(resource);
  const location = originOf(resource, ['metadata', 'name']);
  out.push({
    code: 'resource.duplicate',
    severity: same ? 'warning' : 'error',
    message: `${resource.kind} \`${namespace === '' ? name : `${namespace}/${name}`}\` is written twice; it stands first at ${formatLocation(originOf(first.resource))}`,
    ...(location ? { location } : {}),
    path: formatPath(['metadata', 'name']),
    help: same ? 'both say the same; remove one of them' : 'keep one of them',
  });
  return false;
}
