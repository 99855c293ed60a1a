// What the user named -> files with their bytes: a tree, standard input, and what the user's own tools render.
import { resolve } from 'node:path';
import { renderables } from '#ingest/units.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import { readTreeFile, walkTree } from '#sources/tree.ts';
import type { TreeFile } from '#sources/tree.ts';
import type { ScanFile } from './data.ts';
import { unreadable } from './analyse.ts';
import { findProgram, render } from './render.ts';

export interface CollectOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: () => Uint8Array;
  /** Whether charts are rendered by the user's `helm`. */
  readonly render: boolean;
}

export interface Listing {
  readonly files: readonly TreeFile[];
  readonly stdin: boolean;
  readonly notAnalysed: readonly NotAnalysed[];
  /** Equal stamps mean that nothing changed; undefined when that cannot be known. */
  readonly stamps: string | undefined;
}

/** Looks at names and times only. */
export function list(paths: readonly string[], { cwd }: Pick<CollectOptions, 'cwd'>): Listing {
  const stdin = paths.includes('-');
  const named = paths.filter((path) => path !== '-');
  const tree = walkTree(named.length === 0 && !stdin ? ['.'] : named, cwd);
  const stamps = stdin ? undefined : tree.files.map(({ path, stamp }) => `${path} ${stamp}`).join('\n');
  return { files: tree.files, stdin, notAnalysed: tree.notAnalysed, stamps };
}

/** Reads every file once, and renders charts where that is wanted and can be done. */
export function collect(
  listing: Listing,
  options: CollectOptions,
): { readonly files: readonly ScanFile[]; readonly notAnalysed: readonly NotAnalysed[] } {
  const files: ScanFile[] = [];
  const notAnalysed: NotAnalysed[] = [];
  if (listing.stdin) files.push({ path: '<stdin>', bytes: options.stdin(), stamp: '' });
  for (const file of listing.files) {
    const bytes = readTreeFile(file);
    if (bytes instanceof Uint8Array) files.push({ path: file.path, bytes, stamp: file.stamp });
    else notAnalysed.push(unreadable(file.path, bytes.unreadable));
  }
  if (options.render) renderCharts(files, notAnalysed, options);
  return { files, notAnalysed };
}

/** Charts through the user's helm, where it is; without it the reader tells them as not analysed. */
function renderCharts(files: ScanFile[], notAnalysed: NotAnalysed[], { cwd, env }: CollectOptions): void {
  const charts = renderables(files.map(({ path, bytes }) => ({ file: path, text: bytes }))).filter(({ by }) => by === 'helm');
  const helm = charts.length === 0 ? undefined : findProgram('helm', env['PATH']);
  if (helm === undefined) return;
  for (const { root } of charts) {
    const rendered = render('helm', helm, resolve(cwd, root), root === '' ? '.' : root, env);
    if ('text' in rendered)
      files.push({
        path: rendered.file,
        bytes: new TextEncoder().encode(rendered.text),
        stamp: '',
        rendered: { by: 'helm', root },
      });
    else notAnalysed.push(rendered);
  }
}
