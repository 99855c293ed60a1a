// Packages that the tree names.
import { readFileSync } from 'node:fs';
import type { NotAnalysed } from '#model/coverage.ts';
import { mayBeSbom, readSbom } from '#scan/sbom/read.ts';
import { cycloneDxValidator, licenceIds } from '#scan/sbom/validate.ts';
import type { Validator } from '#syntax/json-schema.ts';
import { isLockfile, readLockfile } from '#scan/vulnerabilities/lockfiles.ts';
import type { Package } from '#scan/vulnerabilities/package.ts';
import type { ScanFile } from './data.ts';

export interface Software {
  readonly packages: readonly Package[];
  readonly notAnalysed: readonly NotAnalysed[];
}

/** Lockfiles come in what a shell wrote (`pip freeze > requirements.txt` gives UTF-16 on Windows) and in old encodings of XML. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/** Packages of every lockfile and bill of materials among the files, each with its line. */
export function softwareOf(files: readonly ScanFile[]): Software {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const context = {
    text: (path: string): string | undefined => {
      const file = byPath.get(path);
      return file && textOf(file.bytes);
    },
    has: (path: string): boolean => byPath.has(path),
  };
  const packages: Package[] = [];
  const notAnalysed: NotAnalysed[] = [];
  for (const { path, bytes } of files) {
    const isLock = isLockfile(path);
    if (!isLock && !mayBeSbom(path)) continue;
    const text = textOf(bytes);
    if (isLock && text.includes('\0')) {
      notAnalysed.push({ file: path, what: 'binary', message: 'the file holds a NUL byte: it is binary' });
      continue;
    }
    const read = isLock ? readLockfile(path, text, context) : sbomOf(path, text);
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

function readSchema(name: string): unknown {
  return JSON.parse(readFileSync(new URL(name, SCHEMAS), 'utf8'));
}

/** Ids of the SPDX licence list: a bill names these as ids, and anything else as a name. */
export function spdxLicences(): ReadonlySet<string> {
  return licenceIds(readSchema('spdx.schema.json'));
}

/** CycloneDX's own schemas, read when the first bill of materials is. */
function cycloneDxSchemas(): Validator {
  return (validator ??= cycloneDxValidator({
    bom: readSchema('bom-1.6.schema.json'),
    jsf: readSchema('jsf-0.82.schema.json'),
    spdx: readSchema('spdx.schema.json'),
  }));
}
