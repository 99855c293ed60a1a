// What is found in files by themselves, and in the tree that they make.
import type { Finding } from '#model/finding.ts';
import { certificateFindings } from '#scan/certificates/findings.ts';
import { codeFindings, isCode } from '#scan/code/analyse.ts';
import { buildFindings } from '#scan/pipelines/findings.ts';
import { isBuildFile } from '#scan/pipelines/read.ts';
import { secretFindings } from '#scan/secrets/findings.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import type { SecretScanner } from '#scan/secrets/scanner.ts';
import type { ScanFile } from './data.ts';

export interface FileOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The team's own rules for secrets beside ours. */
  readonly secrets?: SecretScanner;
}

const DECODER = new TextDecoder();
/** Code that people wrote is smaller; bundles are not theirs. */
const CODE_BYTES_MAX = 2 * 1024 * 1024;
const SECRET_BYTES_MAX = 64 * 1024 * 1024;

let scanner: SecretScanner | undefined;

/** Our own rules, compiled when the first file asks for them. */
function ourScanner(): SecretScanner {
  return (scanner ??= compileSecretRules({ rules: SECRET_RULES }));
}

/** Whether the content of a file inside an image matters here; programs and libraries of the distribution do not. */
export function mayHoldFindings(path: string, size: number): boolean {
  return (
    size > 0 && size <= 4 * 1024 * 1024 && !/^(?:usr\/(?:lib|share|bin|sbin|include)|lib|bin|sbin|proc|sys|dev)\//.test(path)
  );
}

/** Findings that depend on the content of one file alone. */
export function fileFindings(path: string, bytes: Uint8Array, options: FileOptions): readonly Finding[] {
  const findings: Finding[] = [];
  if (bytes.length <= SECRET_BYTES_MAX)
    findings.push(...secretFindings((options.secrets ?? ourScanner()).scan(path, bytes), { now: options.nowMs }));
  if (isCode(path) && bytes.length <= CODE_BYTES_MAX) findings.push(...codeFindings(path, DECODER.decode(bytes), options.nowMs));
  return findings;
}

/** Findings that depend on several files: pipelines, and certificates that others replace. */
export function treeFindings(files: readonly ScanFile[], { nowMs }: FileOptions): readonly Finding[] {
  const builds = files.filter(({ path }) => isBuildFile(path)).map(({ path, bytes }) => ({ path, text: DECODER.decode(bytes) }));
  return [...buildFindings(builds), ...certificateFindings(files, nowMs)];
}
