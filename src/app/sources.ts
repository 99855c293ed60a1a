// Manifests from files, folders and standard input. The only way text comes in.
import { readFileSync, readdirSync, statSync, type BigIntStats } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { SourceText } from '#ingest/read.ts';
import type { Diagnostic } from '#model/diagnostic.ts';

const EXTENSIONS = /\.(?:ya?ml|json)$/i;
const FILES_MAX = 20_000;
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const MANIFEST = /(?:^|[\s,{\r\n])["']?(?:apiVersion|kind)["']?\s*:/;
/** Folders that hold no manifests of the user. */
const SKIPPED = new Set(['node_modules', '.git', '.cullis']);

export interface Sources {
  readonly texts: readonly SourceText[];
  readonly diagnostics: readonly Diagnostic[];
  /** Absolute path -> what `stampOf` said just before it was read or listed: a change after that differs. */
  readonly stamps: ReadonlyMap<string, string>;
}

/**
 * Reads what `paths` name: files, folders (recursively, `*.yaml`, `*.yml`, `*.json` that look like manifests, in the order of their names) and `-`.
 * @param stdin gives the bytes of `-`
 * @returns texts named as the user would name them, with a diagnostic for each path that could not be read
 */
export function readSources(paths: readonly string[], stdin: () => Uint8Array, cwd: string): Sources {
  const texts: SourceText[] = [];
  const diagnostics: Diagnostic[] = [];
  const stamps = new Map<string, string>();
  const refuse = (file: string, message: string) =>
    diagnostics.push({ code: 'source.unreadable', severity: 'error', message, location: { file, line: 1, column: 1 } });
  const visit = (path: string, named: boolean) => {
    if (texts.length >= FILES_MAX) return;
    const absolute = resolve(cwd, path);
    const shown = relative(cwd, absolute).startsWith('..') ? absolute : relative(cwd, absolute) || '.';
    try {
      const stat = statSync(absolute, { bigint: true });
      if (stat.isDirectory()) {
        stamps.set(absolute, stampText(stat));
        for (const entry of readdirSync(absolute).sort())
          if (!SKIPPED.has(entry) && !entry.startsWith('.')) visit(join(absolute, entry), false);
      } else if (named || EXTENSIONS.test(absolute)) {
        stamps.set(absolute, stampText(stat));
        if (!stat.isFile()) return refuse(shown, `\`${shown}\` is neither a file nor a folder`);
        if (stat.size > FILE_BYTES_MAX)
          return refuse(shown, `the file has ${stat.size} bytes, more than the ${FILE_BYTES_MAX} that are read`);
        const text = readFileSync(absolute);
        // A folder holds other JSON and YAML too (package.json, a CI file): what has neither member of a Kubernetes object is somebody else's.
        if (!named && !MANIFEST.test(text.toString('latin1'))) return;
        texts.push({ file: shown, text });
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      // It went away between the listing and the look: as if it had never been there.
      if (code === 'ENOENT' && !named) return;
      if (!stamps.has(absolute)) stamps.set(absolute, GONE);
      refuse(
        shown,
        code === 'ENOENT'
          ? `no such file or folder: \`${path}\``
          : code === 'EACCES'
            ? `no permission to read \`${path}\``
            : `could not read \`${path}\` (${code})`,
      );
    }
  };
  for (const path of paths) {
    if (path === '-') texts.push({ file: '<stdin>', text: stdin() });
    else visit(path, true);
  }
  if (texts.length >= FILES_MAX) refuse(paths[0] ?? '.', `more than ${FILES_MAX} files; name fewer folders`);
  return { texts, diagnostics, stamps };
}

const GONE = 'gone';

/** Differs after every change of a file, or of the names in a folder. Follows links, so a swapped link shows too. */
export function stampOf(path: string): string {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat ? stampText(stat) : GONE;
  } catch {
    return GONE;
  }
}

/** The time of the last status change tells two edits within one moment of the modification time apart, as `touch -r` and `cp -p` cannot set it. */
function stampText({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
