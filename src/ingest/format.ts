// Formats beside Kubernetes objects: each gives documents of the same kind, so that everything after sees one System.
import type { OriginSource } from '#model/origin.ts';
import type { RawObject } from './check.ts';
import type { Findings } from './findings.ts';
import type { ImportedDocument } from './import.ts';

/** A format in YAML or JSON that is told by its members. */
export interface Format {
  /** As people call it: `Compose`. */
  readonly name: string;
  /** Whether a parsed document without `apiVersion` and `kind` is of this format. @param file as the user names it, with `/` between folders */
  matches(raw: RawObject, file: string): boolean;
  /** Never throws; tells mistakes with their places, and leaves out what must not be used. */
  read(raw: RawObject, origin: OriginSource, file: string, out: Findings): readonly ImportedDocument[];
}

/** A format that is no YAML: told by the file's name. */
export interface TextFormat {
  readonly name: string;
  matches(file: string): boolean;
  read(file: string, text: string, out: Findings): readonly ImportedDocument[];
}
