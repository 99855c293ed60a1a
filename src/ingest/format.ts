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
  /**
   * In place of `read` for formats whose files speak together: every document of the format at once.
   * @param textAt text of any file that was given, by its path; undefined when it was not
   */
  readAll?(
    found: readonly FoundDocument[],
    textAt: (file: string) => string | undefined,
    out: Findings,
  ): readonly ImportedDocument[];
}

/** A document that a format said is its own. */
export interface FoundDocument {
  readonly raw: RawObject;
  readonly origin: OriginSource;
  /** As the user names it. */
  readonly file: string;
}

/** A format that is no YAML: told by the file's name. */
export interface TextFormat {
  readonly name: string;
  matches(file: string): boolean;
  read(file: string, text: string, out: Findings): readonly ImportedDocument[];
}
