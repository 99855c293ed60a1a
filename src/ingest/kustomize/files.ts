// The texts that a kustomization can see.
import type { OriginSource } from '#model/origin.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { DEFAULT_YAML_LIMITS } from '#syntax/mistake.ts';
import { decodeText } from '#syntax/text.ts';
import { readYaml } from '#syntax/yaml.ts';
import { Findings } from '../findings.ts';
import { isObject } from '../check.ts';
import { unpack } from '../load.ts';
import type { SourceText } from '../load.ts';
import { cleanPath, folderOf, joinPath } from '#base/paths.ts';
import { isKustomizationFile, KUSTOMIZATIONS } from './names.ts';

export interface ParsedDocument {
  readonly raw: unknown;
  readonly origin: OriginSource;
  readonly file: string;
}

export interface ParsedFile {
  readonly documents: readonly ParsedDocument[];
  readonly mistakes: readonly Diagnostic[];
}

/** Sources by path, each parsed once. */
export class KustomizeFiles {
  readonly #sources: ReadonlyMap<string, SourceText>;
  readonly #parsed = new Map<string, ParsedFile>();

  constructor(sources: readonly SourceText[]) {
    this.#sources = new Map(sources.map((source) => [cleanPath(source.file), source]));
  }

  has(path: string): boolean {
    return this.#sources.has(path);
  }

  /** Name of the file as the user gave it. */
  nameOf(path: string): string {
    return this.#sources.get(path)?.file ?? path;
  }

  /** The kustomization that stands in a folder. */
  kustomizationIn(folder: string): string | undefined {
    return KUSTOMIZATIONS.map((name) => joinPath(folder, name)).find((path) => this.has(path));
  }

  /** Every kustomization, by path. */
  kustomizations(): readonly string[] {
    return [...this.#sources.keys()].filter(isKustomizationFile).filter((path) => this.kustomizationIn(folderOf(path)) === path);
  }

  /** Bytes or characters of a file; 0 when it is not there. */
  size(path: string): number {
    return this.#sources.get(path)?.text.length ?? 0;
  }

  text(path: string): string | undefined {
    const source = this.#sources.get(path);
    if (!source) return undefined;
    const decoded = decodeText(source.file, source.text, DEFAULT_YAML_LIMITS);
    return 'mistake' in decoded ? undefined : decoded.text;
  }

  parse(path: string): ParsedFile | undefined {
    const present = this.#parsed.get(path);
    if (present) return present;
    const source = this.#sources.get(path);
    if (!source) return undefined;
    const parsed = parseText(source.file, source.text);
    this.#parsed.set(path, parsed);
    return parsed;
  }

  /** What the kustomization file itself says; undefined when it cannot be read. */
  kustomization(path: string): ParsedDocument | undefined {
    const document = this.parse(path)?.documents[0];
    return document && isObject(document.raw) ? document : undefined;
  }
}

export function parseText(file: string, text: string | Uint8Array): ParsedFile {
  const findings = new Findings();
  const { documents, mistakes } = readYaml(file, text);
  const list: ParsedDocument[] = [];
  for (const document of documents)
    unpack(document.value, document, [], 0, (raw, origin) => list.push({ raw, origin, file }), findings);
  return { documents: list, mistakes: [...mistakes, ...findings.all()] };
}
