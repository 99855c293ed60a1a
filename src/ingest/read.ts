// Texts to the System. The one way in for manifests.
import type { Diagnostic } from '#model/diagnostic.ts';
import type { MeshConfig } from '#model/istio.ts';
import { formatLocation, formatPath, originOf } from '#model/origin.ts';
import type { OriginSource, Path } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { canonicalJson } from '#base/canonical-json.ts';
import { eachYamlDocument } from '#syntax/yaml.ts';
import type { YamlDocument } from '#syntax/yaml.ts';
import { isObject } from './check.ts';
import type { RawObject } from './check.ts';
import { Findings } from './findings.ts';
import type { Format } from './format.ts';
import { FORMATS, TEXT_FORMATS } from './formats.ts';
import { importDocument } from './import.ts';
import type { ImportedDocument } from './import.ts';
import { buildSystem } from './system/build.ts';

export interface SourceText {
  /** Name for people; not opened here. */
  readonly file: string;
  readonly text: string | Uint8Array;
}

export interface ReadOptions {
  /** For namespaced objects that name none; `default` when absent. */
  readonly defaultNamespace?: string;
  /** Wins over what documents say. */
  readonly mesh?: Partial<MeshConfig>;
}

const LIST_DEPTH_MAX = 8;

/**
 * Reads manifests: YAML or JSON, any number of documents a text, `kind: List` unpacked.
 *
 * All mistakes are collected, each at its place; a document with an error is in none of the System's lists. Whether a System that had
 * errors may be used is the caller's to decide: a policy that was left out protects nothing. Never throws for what a text says.
 * @returns the frozen System; its hash does not depend on the order of files and documents
 */
export function readSystem(
  sources: readonly SourceText[],
  options: ReadOptions = {},
): { readonly system: System; readonly diagnostics: readonly Diagnostic[] } {
  const findings = new Findings();
  const documents: ImportedDocument[] = [];
  const seen = new Map<string, ImportedDocument>();
  const keep = (document: ImportedDocument | undefined): void => {
    if (document && isNew(document, seen, findings)) documents.push(document);
  };
  for (const { file, text } of sources) {
    const textFormat = TEXT_FORMATS.find((format) => format.matches(file));
    if (textFormat) {
      const decoded = typeof text === 'string' ? text : new TextDecoder().decode(text);
      for (const document of textFormat.read(file, decoded, findings)) keep(document);
      continue;
    }
    const take = (raw: unknown, origin: OriginSource): void => {
      const format = formatOf(raw, file);
      if (format) for (const document of format.read(raw as RawObject, origin, file, findings)) keep(document);
      else keep(importDocument(raw, origin, options.defaultNamespace ?? 'default', findings));
    };
    const mistakes = eachYamlDocument(file, text, (document) => unpack(document.value, document, [], 0, take, findings));
    for (const mistake of mistakes) findings.push(mistake);
  }
  const system = buildSystem(documents, options.mesh ?? {}, findings);
  return { system, diagnostics: inOrder(findings.all(), sources) };
}

/** The format beside Kubernetes objects that a document is in. */
function formatOf(raw: unknown, file: string): Format | undefined {
  if (!isObject(raw) || 'apiVersion' in raw || 'kind' in raw) return undefined;
  return FORMATS.find((format) => format.matches(raw, file));
}

/** Hands over the items of lists, and everything else as it is. */
function unpack(
  raw: unknown,
  document: YamlDocument,
  path: Path,
  depth: number,
  take: (raw: unknown, origin: OriginSource) => void,
  out: Findings,
): void {
  const origin: OriginSource = {
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

function isNew(document: ImportedDocument, seen: Map<string, ImportedDocument>, out: Findings): boolean {
  const { resource, group } = document;
  const { namespace, name } = resource.metadata;
  const id = `${group}/${resource.kind} ${namespace}/${name}`;
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

/** By file in the order given, then by place: the order a person reads in. */
function inOrder(diagnostics: readonly Diagnostic[], sources: readonly SourceText[]): readonly Diagnostic[] {
  const rank = new Map(sources.map(({ file }, i) => [file, i]));
  const key = ({ location }: Diagnostic): readonly [number, number, number] =>
    location ? [rank.get(location.file) ?? sources.length, location.line, location.column] : [sources.length, 0, 0];
  return diagnostics.toSorted((a, b) => {
    const [fileA, lineA, columnA] = key(a);
    const [fileB, lineB, columnB] = key(b);
    return fileA - fileB || lineA - lineB || columnA - columnB;
  });
}
