// What an analysis gives, as plain data: it goes to the reports and into the cache.
import type { UnitSource } from '#ingest/units.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Finding } from '#model/finding.ts';
import type { RawCertificate, RawKey } from '#scan/certificates/find.ts';
import type { PathSummary, UnitSummary } from '#scan/result.ts';

/** What is known of one file by itself. */
export interface FileEntry {
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of its content, base64url. */
  readonly hash: string;
  readonly findings: readonly Finding[];
  /** Lines that hold `cullis:ignore`: number and text. */
  readonly ignores?: readonly (readonly [number, string])[];
  readonly certificates?: FoundData;
  /** Of the archive that it is. */
  readonly notAnalysed?: readonly NotAnalysed[];
}

/** What `findCertificates` found; the bytes of each certificate as base64, so that it can be written down. */
export interface FoundData {
  readonly certificates: readonly (Omit<RawCertificate, 'der'> & { readonly der: string })[];
  readonly keys: readonly RawKey[];
}

/** A file as it was read. */
export interface ScanFile {
  /** As the user names it. */
  readonly path: string;
  /** Empty for one that is known and needed for nothing else. */
  readonly bytes: Uint8Array;
  /** What was found in the same content before. */
  readonly entry?: FileEntry;
  /** The same while the file has not been touched; '' when that is not known. */
  readonly stamp: string;
  /** For the output of a tool, what it was made from. */
  readonly rendered?: UnitSource['rendered'];
}

/** One unit by itself. */
export interface UnitData {
  readonly summary: UnitSummary;
  readonly findings: readonly Finding[];
  readonly paths: readonly PathSummary[];
  /** What did not fit in the bounds of the engine. */
  readonly notAnalysed?: readonly NotAnalysed[];
  readonly diagnostics: readonly Diagnostic[];
  /** Subject -> its annotation `cullis.dev/ignore`. */
  readonly ignores: readonly (readonly [string, string])[];
  /** Where workloads stand: id, whether the internet, other workloads or nobody reaches them, whether they lie on a path to a crown jewel. */
  readonly stands: readonly (readonly [workload: string, from: 'internet' | 'inside' | 'none', onPath: boolean])[];
  /** Subject -> owner that the resource names. */
  readonly owners: readonly (readonly [string, string])[];
}

export interface AnalysisData {
  readonly files: number;
  readonly bytes: number;
  readonly units: readonly UnitData[];
  /** Of files by themselves and of what lies between units. */
  readonly findings: readonly Finding[];
  readonly notAnalysed: readonly NotAnalysed[];
  /** Lines that hold `cullis:ignore`, and the ones below them: file, line, text. */
  readonly ignoreLines: readonly (readonly [string, number, string])[];
  /** Packages that lockfiles and bills of materials name. */
  readonly packages: number;
  readonly codeOwners?: string;
}
