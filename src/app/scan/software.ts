// Packages that the tree names, and what is known of them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CullisError, messageOf } from '#base/errors.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import { mayBeSbom, readSbom } from '#scan/sbom/read.ts';
import { cycloneDxValidator } from '#scan/sbom/validate.ts';
import type { Validator } from '#syntax/json-schema.ts';
import { openAdvisoryIndex } from '#scan/vulnerabilities/index-file.ts';
import type { AdvisoryDatabase } from '#scan/vulnerabilities/index-file.ts';
import { isLockfile, readLockfile } from '#scan/vulnerabilities/lockfiles.ts';
import type { Package } from '#scan/vulnerabilities/package.ts';
import { readEpss, readKev } from '#scan/vulnerabilities/priority.ts';
import type { ExploitData } from '#scan/vulnerabilities/priority.ts';
import { openAdvisoryFile } from '#sources/advisories.ts';
import type { ScanFile } from './data.ts';

export interface Software {
  readonly packages: readonly Package[];
  readonly notAnalysed: readonly NotAnalysed[];
}

const DECODER = new TextDecoder();

/** Packages of every lockfile and bill of materials among the files, each with its line. */
export function softwareOf(files: readonly ScanFile[]): Software {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const context = {
    text: (path: string): string | undefined => {
      const file = byPath.get(path);
      return file && DECODER.decode(file.bytes);
    },
    has: (path: string): boolean => byPath.has(path),
  };
  const packages: Package[] = [];
  const notAnalysed: NotAnalysed[] = [];
  for (const { path, bytes } of files) {
    const read = isLockfile(path)
      ? readLockfile(path, DECODER.decode(bytes), context)
      : mayBeSbom(path)
        ? sbomOf(path, DECODER.decode(bytes))
        : undefined;
    if (!read) continue;
    packages.push(...read.packages);
    for (const { code, message, location, help } of read.diagnostics)
      notAnalysed.push({
        file: path,
        what: code,
        message,
        ...(location && { line: location.line }),
        ...(help !== undefined && { help }),
      });
  }
  return { packages, notAnalysed };
}

function sbomOf(
  path: string,
  text: string,
): Pick<NonNullable<ReturnType<typeof readLockfile>>, 'packages' | 'diagnostics'> | undefined {
  const read = readSbom(path, text, { validate: cycloneDxSchemas() });
  return read && { packages: read.sbom.packages, diagnostics: read.diagnostics };
}

const SCHEMAS = new URL('../../../rules/scan/cyclonedx/', import.meta.url);
let validator: Validator | undefined;

/** CycloneDX's own schemas, read when the first bill of materials is. */
function cycloneDxSchemas(): Validator {
  const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, SCHEMAS), 'utf8'));
  return (validator ??= cycloneDxValidator({
    bom: read('bom-1.6.schema.json'),
    jsf: read('jsf-0.82.schema.json'),
    spdx: read('spdx.schema.json'),
  }));
}

/** Where `cullis db update` keeps the advisories. @returns undefined where there is no home */
export function advisoryPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const base = env['XDG_DATA_HOME'] ?? (env['HOME'] ? join(env['HOME'], '.local', 'share') : undefined);
  return base?.startsWith('/') ? join(base, 'cullis', 'advisories.db') : undefined;
}

/**
 * Opens the database of advisories.
 * @param named the file that the user names; without it the usual one, which may be missing
 * @throws CullisError advisories.unreadable
 */
export function openAdvisories(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): { readonly database: AdvisoryDatabase; close(): void } | undefined {
  const path = named ?? advisoryPath(env);
  if (path === undefined || (named === undefined && !existsSync(path))) return undefined;
  const file = openAdvisoryFile(path);
  const database = openAdvisoryIndex(file.size, (offset, length) => file.read(offset, length));
  if (database) return { database, close: () => file.close() };
  file.close();
  throw new CullisError('advisories.unreadable', `\`${path}\` is no advisory database of this version`);
}

/** EPSS scores (`.csv`, `.csv.gz`) and CISA's catalogue (`.json`), where the user gives them. @throws CullisError config.unreadable */
export function readExploits(epss: string | undefined, kev: string | undefined): ExploitData {
  const text = (file: string): string => {
    try {
      const bytes = readFileSync(file);
      return (
        bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: 512 * 1024 * 1024 }) : bytes
      ).toString('utf8');
    } catch (error) {
      throw new CullisError('config.unreadable', `\`${file}\` could not be read: ${messageOf(error)}`);
    }
  };
  let catalogue: unknown;
  if (kev !== undefined) {
    try {
      catalogue = JSON.parse(text(kev));
    } catch (error) {
      throw error instanceof CullisError ? error : new CullisError('config.invalid', `\`${kev}\` is not JSON`);
    }
  }
  return { epss: epss === undefined ? new Map() : readEpss(text(epss)), kev: readKev(catalogue) };
}
