// One image: its packages, what its files say by themselves, and how it is configured.
import { homedir, tmpdir } from 'node:os';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import type { Image, ImageFile } from '#model/image.ts';
import { findCertificates } from '#scan/certificates/find.ts';
import type { Found } from '#scan/certificates/find.ts';
import { foundCertificateFindings } from '#scan/certificates/findings.ts';
import { ImageInspector } from '#scan/image/inspect.ts';
import type { ImageReport } from '#scan/image/inspect.ts';
import { IMAGE_CONTENT_RULES } from '#scan/rules/image-content.ts';
import { findingOf } from '#scan/rule.ts';
import type { Package } from '#scan/vulnerabilities/package.ts';
import { credentialFiles, readCredentials } from '#sources/credentials.ts';
import { filesOf } from '#sources/image-files.ts';
import { openImage } from '#sources/oci.ts';
import { pullImage } from '#sources/registry.ts';
import { fileFindings, mayHoldFindings } from './files.ts';
import type { FileOptions } from './files.ts';
import { cacheFolder } from './places.ts';

export interface ImageScan {
  readonly report: ImageReport;
  readonly findings: readonly Finding[];
  readonly packages: readonly Package[];
  readonly notAnalysed: readonly NotAnalysed[];
  /** Files that were looked at, and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens an image on disk, or pulls it with the credentials of the usual files.
 * @throws CullisError image.invalid, image.unavailable, fetch.failed
 */
export async function openOrPull(word: string, cwd: string, exists: boolean, env: Environment): Promise<Image> {
  if (exists) return { ...openImage(resolve(cwd, word)), reference: word };
  const folder = join(cacheFolder(env) ?? join(tmpdir(), `cullis-${process.getuid?.() ?? 0}`), 'images');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return pullImage(word, { folder, credentials: readCredentials(credentialFiles(env, env['HOME'] ?? homedir())) });
}

/** Looks at every file of an image once. */
export async function scanImage(image: Image, options: FileOptions): Promise<ImageScan> {
  const inspector = new ImageInspector(image);
  const findings: Finding[] = [];
  const certificates: Found[] = [];
  let [files, bytes] = [0, 0];
  const wants = (header: Pick<ImageFile, 'path' | 'size' | 'mode'>): boolean =>
    inspector.wants(header) || mayHoldFindings(header.path, header.size);
  // What a higher layer deletes still lies in the image for everyone who may pull it: secrets count there too.
  for await (const file of filesOf(image, { wants })) {
    inspector.take(file);
    if (!file.bytes) continue;
    files++;
    bytes += file.bytes.length;
    if (mayHoldFindings(file.path, file.size)) {
      const path = `${image.reference}!/${file.path}`;
      findings.push(...fileFindings(path, file.bytes, options));
      const found = findCertificates({ path, bytes: file.bytes });
      if (found.certificates.length > 0) certificates.push(found);
    }
  }
  const report = inspector.finish();
  for (const rule of IMAGE_CONTENT_RULES)
    for (const hit of rule.check(report, { now: options.nowMs })) findings.push(findingOf(rule, hit));
  findings.push(...foundCertificateFindings(certificates, options.nowMs));
  return { report, findings, packages: report.packages, notAnalysed: report.notAnalysed, files, bytes };
}
