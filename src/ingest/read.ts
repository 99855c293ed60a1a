// Texts to the System. The one way in for manifests.
import type { Diagnostic } from '#model/diagnostic.ts';
import type { MeshConfig } from '#model/istio.ts';
import type { System } from '#model/system.ts';
import { Findings } from './findings.ts';
import type { Format, FoundDocument } from './format.ts';
import type { ImportedDocument } from './import.ts';
import { isNew, loadText, textLookup } from './load.ts';
import type { SourceText } from './load.ts';
import type { TlsValues } from './kubernetes/tls-values.ts';
import { buildSystem } from './system/build.ts';

export type { SourceText } from './load.ts';

export interface ReadOptions {
  /** For namespaced objects that name none; `default` when absent. */
  readonly defaultNamespace?: string;
  /** Wins over what documents say. */
  readonly mesh?: Partial<MeshConfig>;
  /** Takes the TLS values of Secrets, which the System never holds; without it they are dropped like all others. */
  readonly tlsValues?: TlsValues;
}

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
  const gathered = new Map<Format, FoundDocument[]>();
  const keep = (document: ImportedDocument): void => {
    if (isNew(document, seen, findings)) documents.push(document);
  };
  const gather = (format: Format, found: FoundDocument): void => {
    const present = gathered.get(format);
    if (present) present.push(found);
    else gathered.set(format, [found]);
  };
  const { defaultNamespace = 'default', tlsValues } = options;
  const intercept = (raw: unknown): boolean => {
    tlsValues?.take(raw, defaultNamespace);
    return false;
  };
  const load = { defaultNamespace, gather, ...(tlsValues && { intercept }) };
  for (const source of sources) loadText(source, load, findings, keep);
  for (const [format, found] of gathered)
    for (const document of format.readAll!(found, textLookup(sources), findings)) keep(document);
  const system = buildSystem(documents, options.mesh ?? {}, findings);
  return { system, diagnostics: inOrder(findings.all(), sources) };
}

/** By file in the order given, then by place: the order a person reads in. */
export function inOrder(diagnostics: readonly Diagnostic[], sources: readonly SourceText[]): readonly Diagnostic[] {
  const rank = new Map(sources.map(({ file }, i) => [file, i]));
  const key = ({ location }: Diagnostic): readonly [number, number, number] =>
    location ? [rank.get(location.file) ?? sources.length, location.line, location.column] : [sources.length, 0, 0];
  return diagnostics.toSorted((a, b) => {
    const [fileA, lineA, columnA] = key(a);
    const [fileB, lineB, columnB] = key(b);
    return fileA - fileB || lineA - lineB || columnA - columnB;
  });
}
