// What is found in files by themselves, and in the tree that they make.
import { hash } from 'node:crypto';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import { findCertificates } from '#scan/certificates/find.ts';
import type { Found } from '#scan/certificates/find.ts';
import { foundCertificateFindings } from '#scan/certificates/findings.ts';
import { codeFindings, isCode } from '#scan/code/analyse.ts';
import { buildFindings } from '#scan/pipelines/findings.ts';
import { isBuildFile } from '#scan/pipelines/read.ts';
import { secretFindings } from '#scan/secrets/findings.ts';
import type { IgnoredSecrets } from '#scan/secrets/ignore.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import type { SecretScanner } from '#scan/secrets/scanner.ts';
import { archiveFormat, readArchive } from '#sources/archive.ts';
import type { FileEntry, FoundData, ScanFile } from './data.ts';

export interface FileOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The team's own rules for secrets beside ours. */
  readonly secrets?: SecretScanner;
  /** What the team looked at before (`.gitleaksignore`). */
  readonly ignored?: IgnoredSecrets;
}

const DECODER = new TextDecoder();
/** Code that people wrote is smaller; bundles are not theirs. */
const CODE_BYTES_MAX = 2 * 1024 * 1024;
const SECRET_BYTES_MAX = 64 * 1024 * 1024;
/** Larger ones are images or data; images are scanned by their own name. */
const ARCHIVE_BYTES_MAX = 64 * 1024 * 1024;
const INNER_BYTES_MAX = 4 * 1024 * 1024;

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
export function fileFindings(
  path: string,
  bytes: Uint8Array,
  options: FileOptions,
  left?: (one: NotAnalysed) => void,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (bytes.length <= SECRET_BYTES_MAX)
    findings.push(...secretsIn(path, bytes, options, (message) => left?.({ file: path, what: 'too-many', message })));
  if (isCode(path) && bytes.length <= CODE_BYTES_MAX) findings.push(...codeFindings(path, DECODER.decode(bytes), options.nowMs));
  return findings;
}

function secretsIn(
  path: string,
  bytes: Uint8Array,
  { nowMs, secrets, ignored }: FileOptions,
  tell: (why: string) => void,
): readonly Finding[] {
  const hits = (secrets ?? ourScanner()).scan(path, bytes, { tell });
  return secretFindings(ignored ? hits.filter((hit) => ignored.of(hit) === undefined) : hits, { now: nowMs });
}

/** Findings in the files of an archive, named `app.jar!/config.yml`; what was left out is told. */
function insideArchive(path: string, bytes: Uint8Array, options: FileOptions, notAnalysed: NotAnalysed[]): readonly Finding[] {
  if (archiveFormat(bytes) === undefined || bytes.length > ARCHIVE_BYTES_MAX) return [];
  const findings: Finding[] = [];
  for (const file of readArchive(path, bytes, (left) => notAnalysed.push(left)))
    if (file.bytes.length <= INNER_BYTES_MAX)
      findings.push(...fileFindings(file.path, file.bytes, options, (one) => notAnalysed.push(one)));
  return findings;
}

/** Everything that one file says by itself. @param known the same when its content was looked at before */
export function entryOf(path: string, bytes: Uint8Array, options: FileOptions, known?: FileEntry): FileEntry {
  const digest = hash('sha256', bytes, 'base64url');
  if (known?.hash === digest) return known;
  const ignores = ignoresIn(bytes);
  const { certificates, keys } = findCertificates({ path, bytes });
  const notAnalysed: NotAnalysed[] = [];
  const inside = insideArchive(path, bytes, options, notAnalysed);
  return {
    size: bytes.length,
    hash: digest,
    findings: [...fileFindings(path, bytes, options, (one) => notAnalysed.push(one)), ...inside],
    ...(notAnalysed.length > 0 && { notAnalysed }),
    ...(ignores.length > 0 && { ignores }),
    ...((certificates.length > 0 || keys.length > 0) && {
      certificates: {
        certificates: certificates.map((one) => ({ ...one, der: Buffer.from(one.der).toString('base64') })),
        keys,
      },
    }),
  };
}

const MARK = Buffer.from('cullis:ignore');

function ignoresIn(bytes: Uint8Array): readonly (readonly [number, string])[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!buffer.includes(MARK)) return [];
  const lines: [number, string][] = [];
  for (const [i, text] of buffer.toString('utf8').split('\n').entries())
    if (text.includes('cullis:ignore')) lines.push([i + 1, text.slice(0, 2000)]);
  return lines;
}

/** Findings that depend on several files: pipelines, and certificates that others replace. */
export function treeFindings(
  files: readonly ScanFile[],
  certificates: readonly FoundData[],
  { nowMs }: FileOptions,
): readonly Finding[] {
  const builds = files.filter(({ path }) => isBuildFile(path)).map(({ path, bytes }) => ({ path, text: DECODER.decode(bytes) }));
  const found = certificates.map((one): Found => ({
    ...one,
    certificates: one.certificates.map((each) => ({ ...each, der: Buffer.from(each.der, 'base64') })),
  }));
  return [...buildFindings(builds), ...foundCertificateFindings(found, nowMs)];
}
