// What a reader of lockfiles and manifests is.
import { baseOf } from '#base/paths.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Package } from './package.ts';

export interface LockfileRead {
  readonly packages: readonly Package[];
  readonly diagnostics: readonly Diagnostic[];
  /** False when versions are ranges or missing: a manifest whose lockfile has to be read with it. */
  readonly exact: boolean;
  /** The project that the file belongs to. */
  readonly project?: { readonly name: string; readonly version: string };
}

/** Other files of the tree, for formats that rest on several (a parent pom, a package's central versions). */
export interface LockfileContext {
  /** @param path from the tree's root, with `/` @returns undefined when there is none */
  text(path: string): string | undefined;
  /** Whether a file is there, where that is cheaper than its text. */
  readonly has?: (path: string) => boolean;
}

/** Whether the tree holds a file. */
export function holds(context: LockfileContext, path: string): boolean {
  return context.has?.(path) ?? context.text(path) !== undefined;
}

export interface LockfileReader {
  /** As people call it. */
  readonly name: string;
  /** OSV's name. */
  readonly ecosystem: string;
  /** @param path with `/` between folders */
  matches(path: string): boolean;
  /** Never throws for what the text says. */
  read(file: string, text: string, context: LockfileContext): LockfileRead;
}

/** A path that a file names from its folder; what would lead out of the tree stays at its top. */
export function treePath(folder: string, path: string): string {
  const parts = path.startsWith('/') ? [] : folder.split('/').filter((part) => part !== '');
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

export function named(...names: readonly string[]): (path: string) => boolean {
  return (path) => names.includes(baseOf(path));
}

/** The file cannot be read as what its name says. */
export function unreadable(file: string, message: string, line = 1): LockfileRead {
  return { packages: [], exact: false, diagnostics: [problem(file, line, message)] };
}

export function problem(file: string, line: number, message: string, help?: string): Diagnostic {
  return {
    code: 'lockfile.unreadable',
    severity: 'warning',
    message,
    location: { file, line, column: 1 },
    ...(help !== undefined && { help }),
  };
}

/** A manifest that gives ranges: its packages cannot be judged exactly. */
export function withoutLock(file: string, line: number, lockfile: string): Diagnostic {
  return {
    code: 'lockfile.missing',
    severity: 'warning',
    message: `\`${baseOf(file)}\` gives ranges, and there is no ${lockfile} beside it: its packages are not analysed exactly`,
    location: { file, line, column: 1 },
    help: `commit ${lockfile}, so that what is built is what was scanned`,
  };
}

export type RawRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function recordOf(value: unknown): RawRecord {
  return isRecord(value) ? value : {};
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * The first line on which each key stands alone (`  key:`, `"key": {`), for formats whose readers keep no places.
 * @param keyOf key of a trimmed line; undefined when the line has none
 */
export function linesOf(text: string, keyOf: (line: string) => string | undefined): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  let number = 0;
  for (const line of text.split('\n')) {
    number++;
    const key = keyOf(line.trim());
    if (key !== undefined && !lines.has(key)) lines.set(key, number);
  }
  return lines;
}

/** `sha512-…` (Subresource Integrity) as hashes. */
export function integrityHashes(integrity: unknown): { readonly algorithm: string; readonly hex: string }[] {
  if (typeof integrity !== 'string' || integrity.length > 2000) return [];
  return integrity.split(/\s+/).flatMap((part) => {
    const match = /^(sha1|sha256|sha384|sha512)-([A-Za-z0-9+/]+={0,2})$/.exec(part);
    return match ? [{ algorithm: match[1]!, hex: Buffer.from(match[2]!, 'base64').toString('hex') }] : [];
  });
}
