// What the last scan of the same paths found, so that the next one looks only at what changed. Holds findings, never contents.
import { createHash, hash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnalysisData, FileEntry, UnitData } from './data.ts';

/** What was found in parts of the tree, for a scan after some of it changed. */
export interface ScanCache {
  /** Path -> its stamp, and what was found in it. */
  readonly files: Readonly<Record<string, { readonly stamp: string; readonly entry: FileEntry }>>;
  /** Hash of a unit's files -> what its rules found. */
  readonly units: Readonly<Record<string, UnitData>>;
}

const EMPTY: ScanCache = { files: {}, units: {} };
const FILES_KEPT = 60;

/** Name of the cache of one request. @param parts what else a result depends on: folder, paths, options, day */
export function cacheName(parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([engineVersion(), ...parts]))
    .digest('hex')
    .slice(0, 32);
}

/** Everything, when no file differs. @param stamps of the tree as it is now */
export function loadWhole(folder: string | undefined, name: string, stamps: string | undefined): AnalysisData | undefined {
  const read = stamps === undefined ? undefined : load(folder, name);
  return read?.['stamps'] === stamps ? (read?.['data'] as AnalysisData | undefined) : undefined;
}

export function loadParts(folder: string | undefined, name: string): ScanCache {
  const read = load(folder, `${name}.parts`);
  return read && typeof read['files'] === 'object' && typeof read['units'] === 'object' ? (read as unknown as ScanCache) : EMPTY;
}

/** Failing to write is no failure of a scan. @param whole the result when nothing changes until the next one */
export function saveCache(
  folder: string | undefined,
  name: string,
  parts: ScanCache,
  whole: { readonly stamps: string; readonly data: AnalysisData } | undefined,
): void {
  if (folder === undefined) return;
  save(folder, `${name}.parts`, parts);
  if (whole) save(folder, name, whole);
  sweep(folder);
}

/** Facts that depend on the code alone, made once for each version of it. */
export async function remembered<T>(folder: string | undefined, name: string, make: () => Promise<T>): Promise<T> {
  const file = `${name}-${engineVersion().slice(0, 32)}`;
  const read = load(folder, file);
  if (read) return read['value'] as T;
  const value = await make();
  if (folder !== undefined) save(folder, file, { value });
  return value;
}

function sumOf(body: string): string {
  return hash('sha256', body, 'base64url');
}

/** A damaged or foreign file counts as none: the first line is the sum of the rest. */
function load(folder: string | undefined, name: string): Readonly<Record<string, unknown>> | undefined {
  if (folder === undefined) return undefined;
  try {
    const text = readFileSync(join(folder, `${name}.json`), 'utf8');
    const body = text.slice(text.indexOf('\n') + 1);
    if (text.slice(0, text.length - body.length) !== `${sumOf(body)}\n`) return undefined;
    const read: unknown = JSON.parse(body);
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Written whole or not at all, readable by the owner alone. */
function save(folder: string, name: string, value: unknown): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${name}.json`);
    const draft = `${file}.${process.pid}`;
    const body = JSON.stringify(value);
    writeFileSync(draft, `${sumOf(body)}\n${body}`, { mode: 0o600 });
    renameSync(draft, file);
  } catch {
    // A full disk or a folder of somebody else: the next scan is cold, nothing more.
  }
}

/** Keeps the newest few. */
function sweep(folder: string): void {
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    if (files.length <= FILES_KEPT) return;
    const aged = files.map((name) => ({ name, ms: statSync(join(folder, name)).mtimeMs })).sort((a, b) => b.ms - a.ms);
    for (const { name } of aged.slice(FILES_KEPT)) unlinkSync(join(folder, name));
  } catch {
    // Another scan swept at the same time.
  }
}

let version: string | undefined;

/** Changes whenever the code that judges changes: names, sizes and times of the sources, and the packages that they use. */
function engineVersion(): string {
  if (version !== undefined) return version;
  const digest = createHash('sha256');
  const source = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const stamp = (path: string, name: string): void => {
    const { size, mtimeMs } = statSync(path);
    digest.update(`${name} ${size} ${mtimeMs}\n`);
  };
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (!entry.name.includes('.test.')) stamp(path, entry.name);
    }
  };
  stamp(join(source, '..', 'package.json'), 'package.json');
  for (const layer of ['base', 'model', 'syntax', 'ingest', 'pki', 'plan', 'policy', 'scan', 'sources', 'app/scan'])
    visit(join(source, layer));
  version = digest.digest('hex');
  return version;
}
