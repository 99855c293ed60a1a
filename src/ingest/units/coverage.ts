// What lay in the way and was not analysed, from what readers told.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { originOf } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { isObject } from '../check.ts';
import type { ImportedDocument } from '../import.ts';
import { groupOf } from '../kinds.ts';

const WHATS: Readonly<Record<string, string>> = {
  'syntax.too-large': 'too-large',
  'compose.too-many': 'too-many',
  'syntax.binary': 'binary',
  'syntax.encoding': 'encoding',
};

/** One line for each file and sort of mistake that kept documents out. */
export function fromDiagnostics(diagnostics: readonly Diagnostic[]): readonly NotAnalysed[] {
  const found = new Map<string, NotAnalysed>();
  for (const { code, severity, message, location, help } of diagnostics) {
    if (severity !== 'error' || !location || code === 'resource.duplicate') continue;
    const template = help?.startsWith('this looks like a template') ?? false;
    const what = template ? 'helm-template' : (WHATS[code] ?? (code.startsWith('syntax.') ? 'unparsed' : 'invalid'));
    const key = `${location.file} ${what}`;
    const present = found.get(key);
    if (present) found.set(key, { ...present, count: (present.count ?? 1) + 1 });
    else found.set(key, { file: location.file, line: location.line, what, message, ...(help === undefined ? {} : { help }) });
  }
  return [...found.values()];
}

/** Kinds without a row that no CustomResourceDefinition among the files declares, each once with its first place. */
export function unknownKinds(documents: readonly ImportedDocument[]): readonly NotAnalysed[] {
  const declared = new Set<string>();
  for (const { resource } of documents) if (resource.kind === 'CustomResourceDefinition') declared.add(declaredKind(resource));
  const found = new Map<string, { readonly first: Resource; count: number }>();
  for (const { resource, row, group } of documents) {
    if (row || declared.has(`${group}/${resource.kind}`)) continue;
    const key = `${resource.apiVersion} ${resource.kind}`;
    const present = found.get(key);
    if (present) present.count++;
    else found.set(key, { first: resource, count: 1 });
  }
  return [...found.values()].map(({ first, count }) => {
    const location = originOf(first);
    return {
      file: location?.file ?? '',
      ...(location && { line: location.line }),
      what: 'unknown-kind',
      message: `the kind \`${first.kind}\` of \`${groupOf(first.apiVersion) || first.apiVersion}\` is not known: it is kept, and no rule looks at it`,
      ...(count > 1 && { count }),
    };
  });
}

function declaredKind({ spec }: Resource): string {
  if (!isObject(spec) || !isObject(spec['names'])) return '';
  return `${String(spec['group'])}/${String(spec['names']['kind'])}`;
}
