// What the last scan of the same paths found, so that the next one looks only at what changed. Holds findings, never contents.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '#model/finding.ts';
import type { AnalysisData, UnitData } from './data.ts';

/** What is known of one file by itself. */
export interface FileEntry {
  /** Of its content. */
  readonly hash: string;
  readonly findings: readonly Finding[];
}

export interface ScanCache {
  /** Everything, when no file differs. */
  readonly whole?: { readonly stamps: string; readonly data: AnalysisData };
  /** Path -> stamp -> what was found in it. */
  readonly files: Readonly<Record<string, FileEntry & { readonly stamp: string }>>;
  /** Hash of a unit's files -> what its rules found. */
  readonly units: Readonly<Record<string, UnitData>>;
}

const EMPTY: ScanCache = { files: {}, units: {} };
const CACHES_KEPT = 30;

/** @param env XDG_CACHE_HOME, else HOME; @returns undefined where there is no place for a cache */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const base = env['XDG_CACHE_HOME'] ?? (env['HOME'] ? join(env['HOME'], '.cache') : undefined);
  return base?.startsWith('/') ? join(base, 'cullis', 'scan') : undefined;
}

/** Name of the cache of one request. @param parts what else a result depends on: folder, paths, options, day */
export function cacheName(parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([engineVersion(), ...parts]))
    .digest('hex')
    .slice(0, 32);
}

/** A damaged or foreign file counts as none. */
export function loadCache(folder: string | undefined, name: string): ScanCache {
  if (folder === undefined) return EMPTY;
  try {
    const read = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Partial<ScanCache>;
    return typeof read.files === 'object' && typeof read.units === 'object' ? (read as ScanCache) : EMPTY;
  } catch {
    return EMPTY;
  }
}

/** Written whole or not at all, readable by the owner alone. Failing to write is no failure of a scan. */
export function saveCache(folder: string | undefined, name: string, cache: ScanCache): void {
  if (folder === undefined) return;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${name}.json`);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(cache), { mode: 0o600 });
    renameSync(draft, file);
    sweep(folder);
  } catch {
    // A full disk or a folder of somebody else: the next scan is cold, nothing more.
  }
}

/** Keeps the newest few. */
function sweep(folder: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  if (files.length <= CACHES_KEPT) return;
  const aged = files.map((name) => ({ name, ms: statSync(join(folder, name)).mtimeMs })).sort((a, b) => b.ms - a.ms);
  for (const { name } of aged.slice(CACHES_KEPT)) unlinkSync(join(folder, name));
}

let version: string | undefined;

/** Changes whenever the code that judges changes: names, sizes and times of the sources. */
function engineVersion(): string {
  if (version !== undefined) return version;
  const digest = createHash('sha256');
  const source = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (!entry.name.includes('.test.')) {
        const { size, mtimeMs } = statSync(path);
        digest.update(`${entry.name} ${size} ${mtimeMs}\n`);
      }
    }
  };
  for (const layer of ['base', 'model', 'syntax', 'ingest', 'pki', 'plan', 'policy', 'scan', 'sources', 'app/scan'])
    visit(join(source, layer));
  version = digest.digest('hex');
  return version;
}
