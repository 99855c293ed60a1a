// What is found in files by themselves, and in the tree that they make.
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import { codeFindings, isCode } from '#scan/code/analyse.ts';
import type { ScanFile } from './data.ts';

const DECODER = new TextDecoder();
/** Code that people wrote is smaller; bundles are not theirs. */
const CODE_BYTES_MAX = 2 * 1024 * 1024;

export interface FileOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Findings that depend on the content of one file alone. */
export function fileFindings(path: string, bytes: Uint8Array, options: FileOptions): readonly Finding[] {
  return isCode(path) && bytes.length <= CODE_BYTES_MAX ? codeFindings(path, DECODER.decode(bytes), options.nowMs) : [];
}

/** Findings that depend on several files: pipelines, packages, certificates that others replace. */
export function treeFindings(
  files: readonly ScanFile[],
  options: FileOptions,
): { readonly findings: readonly Finding[]; readonly notAnalysed: readonly NotAnalysed[] } {
  void [files, options];
  return { findings: [], notAnalysed: [] };
}
