// Advisories from where they are kept: OSV's public bucket or a mirror, folders, ZIP archives as osv.dev exports them, single files. And the one file they are kept in here.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  fstatSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CullisError, messageOf } from '#base/errors.ts';
import { unzip, zipEntries } from '#base/zip.ts';
import type { ZipSource } from '#base/zip.ts';
import { bodyChunks, download } from './download.ts';

/** Where OSV publishes its whole database (https://google.github.io/osv.dev/data/). */
export const OSV_BUCKET = 'https://osv-vulnerabilities.storage.googleapis.com';

/** Takes raw records and gives the bytes of the database file; scan/ makes one (advisorySink). */
export interface AdvisorySink {
  /** @returns bytes to be written next; undefined when the record says nothing about packages */
  add(raw: unknown): Uint8Array | undefined;
  /** @param unreadable records that were no JSON @returns the rest of the file */
  finish(unreadable: number): Uint8Array;
}

const RECORD_BYTES_MAX = 32 * 1024 * 1024;
const DOWNLOAD_BYTES_MAX = 8 * 1024 * 1024 * 1024;
const PLAIN_BYTES_MAX = 1024 * 1024 * 1024;
const RECORDS_MAX = 5_000_000;
const DEPTH_MAX = 12;

/** Address of an ecosystem's archive, or of all of them. */
export function advisoryUrl(ecosystem?: string): string {
  return ecosystem === undefined ? `${OSV_BUCKET}/all.zip` : `${OSV_BUCKET}/${encodeURIComponent(ecosystem)}/all.zip`;
}

/**
 * Makes the database file anew from a source; the old one stays until the new one is whole.
 * @param from URL, folder, ZIP archive, JSON or JSON lines
 * @throws CullisError `advisories.unreadable`, `fetch.failed`, `fetch.refused`
 */
export async function updateAdvisories(
  from: readonly string[],
  path: string,
  sink: AdvisorySink,
): Promise<{ readonly read: number; readonly unreadable: number }> {
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.partial`;
  const file = openSync(partial, 'w', 0o644);
  let read = 0;
  let unreadable = 0;
  try {
    for (const source of from) {
      for await (const record of records(source)) {
        if (record === undefined) {
          unreadable++;
          continue;
        }
        if (++read > RECORDS_MAX) throw new CullisError('advisories.unreadable', `there are more than ${RECORDS_MAX} records`);
        const bytes = sink.add(record);
        if (bytes) writeAll(file, bytes);
      }
    }
    if (read === 0)
      throw new CullisError(
        'advisories.unreadable',
        `there are no advisories in ${from.map((each) => `\`${each}\``).join(', ')}`,
      );
    writeAll(file, sink.finish(unreadable));
    fsyncSync(file);
    renameSync(partial, path);
  } finally {
    closeSync(file);
    rmSync(partial, { force: true });
  }
  return { read, unreadable };
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Raw records of a source; undefined for one that is no JSON. */
export async function* records(source: string): AsyncGenerator {
  if (/^https?:\/\//.test(source)) {
    const folder = mkdtempSync(join(tmpdir(), 'cullis-advisories-'));
    try {
      const path = join(folder, 'download');
      await fetchInto(source, path);
      yield* fileRecords(path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return;
  }
  try {
    if (statSync(source).isDirectory()) yield* folderRecords(source, 0);
    else yield* fileRecords(source);
  } catch (error) {
    if (error instanceof CullisError) throw error;
    throw new CullisError('advisories.unreadable', `\`${source}\` cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function fetchInto(url: string, path: string): Promise<void> {
  const response = await download(url, { headers: { accept: '*/*' } });
  if (!response.ok) {
    await response.body?.cancel();
    throw new CullisError('fetch.failed', `\`${new URL(url).origin}\` answers with status ${response.status}`);
  }
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of bodyChunks(response, DOWNLOAD_BYTES_MAX, 60_000)) writeAll(file, chunk);
  } finally {
    closeSync(file);
  }
}

function* folderRecords(folder: string, depth: number): Generator {
  if (depth > DEPTH_MAX) return;
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== '.git') yield* folderRecords(path, depth + 1);
    else if (entry.isFile() && /\.(?:json|jsonl|ndjson|zip)(?:\.gz)?$/.test(entry.name)) yield* fileRecords(path);
  }
}

function* fileRecords(path: string): Generator {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const source: ZipSource = { size, read: (offset, length) => readExactly(file, offset, length) };
    const start = size >= 4 ? readExactly(file, 0, 4) : new Uint8Array();
    if (start[0] === 0x50 && start[1] === 0x4b) {
      yield* zipRecords(source, path);
      return;
    }
    if (size > PLAIN_BYTES_MAX)
      throw new CullisError(
        'advisories.unreadable',
        `\`${path}\` is larger than what is read in one piece; give a ZIP archive or a folder`,
      );
    const packed = readFileSync(file);
    yield* textRecords(
      start[0] === 0x1f && start[1] === 0x8b ? gunzipSync(packed, { maxOutputLength: PLAIN_BYTES_MAX }) : packed,
    );
  } finally {
    closeSync(file);
  }
}

function* zipRecords(source: ZipSource, path: string): Generator {
  const entries = zipEntries(source, { entriesMax: RECORDS_MAX });
  if (!entries) throw new CullisError('advisories.unreadable', `\`${path}\` is a damaged ZIP archive`);
  for (const entry of entries) {
    if (!entry.name.endsWith('.json')) continue;
    const bytes = unzip(source, entry, RECORD_BYTES_MAX);
    if (bytes) yield* textRecords(bytes);
    else yield undefined;
  }
}

/** One record, a list of them, what OSV's API answers (`{vulns: […]}`), or one a line. */
function* textRecords(bytes: Uint8Array): Generator {
  const text = new TextDecoder().decode(bytes);
  const whole = parse(text);
  if (whole === undefined) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) yield undefined;
    else for (const line of lines) yield parse(line);
    return;
  }
  const vulns = typeof whole === 'object' && whole !== null ? (whole as { vulns?: unknown }).vulns : undefined;
  if (Array.isArray(whole)) yield* whole as unknown[];
  else if (Array.isArray(vulns)) yield* vulns as unknown[];
  else yield whole;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function readExactly(file: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const read = readSync(file, bytes, filled, length - filled, offset + filled);
    if (read === 0) throw new CullisError('advisories.unreadable', 'the file is cut off');
    filled += read;
  }
  return bytes;
}

/**
 * The database file, for openAdvisoryIndex.
 * @throws CullisError `advisories.unreadable` when it is not there
 */
export function openAdvisoryFile(path: string): {
  readonly size: number;
  readonly read: (offset: number, length: number) => Uint8Array;
  close(): void;
} {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new CullisError(
      'advisories.unreadable',
      `there is no advisory database at \`${path}\`; \`cullis db update\` makes one`,
      { cause: error },
    );
  }
  return {
    size: fstatSync(file).size,
    read: (offset, length) => readExactly(file, offset, length),
    close: () => closeSync(file),
  };
}
