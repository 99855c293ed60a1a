// What the user named -> files with their bytes: a tree, standard input, and what the user's own tools render.
import { resolve } from 'node:path';
import { renderables } from '#ingest/units.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import { readTreeFile } from '#sources/tree.ts';
import type { FileEntry, ScanFile } from './data.ts';
import type { Listing } from './listing.ts';
import { needsText } from './needs.ts';
import { findProgram, render } from './render.ts';

export interface CollectOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: () => Uint8Array;
  /** Whether charts are rendered by the user's `helm`. */
  readonly render: boolean;
  /** Whether kustomizations are built by the user's `kustomize`, for those that our own subset could not build whole. */
  readonly kustomize?: boolean;
}

const NOTHING = new Uint8Array(0);

/** Reads every file once, and renders charts where that is wanted and can be done. */
export function collect(
  listing: Listing,
  options: CollectOptions,
): { readonly files: readonly ScanFile[]; readonly notAnalysed: readonly NotAnalysed[] } {
  const notAnalysed: NotAnalysed[] = [];
  return { files: [...reading(listing, options, notAnalysed)], notAnalysed };
}

/**
 * The files one by one, so that not all of them lie in memory at once; what helm renders comes last.
 * @param notAnalysed is added to
 * @param known what was found in a file whose stamp is the same; one that is known and needed for nothing else is not opened
 */
export function* reading(
  listing: Listing,
  options: CollectOptions,
  notAnalysed: NotAnalysed[],
  known: (path: string, stamp: string) => FileEntry | undefined = () => undefined,
): Generator<ScanFile, void, undefined> {
  const tools = toolsOf(options);
  const manifests: { readonly file: string; readonly text: Uint8Array }[] = [];
  if (listing.stdin) {
    const bytes = options.stdin();
    if (tools.size > 0) manifests.push({ file: '<stdin>', text: bytes });
    yield { path: '<stdin>', bytes, stamp: '' };
  }
  for (const file of listing.files) {
    const { path, stamp } = file;
    const entry = known(path, stamp);
    if (entry && !needsText(path)) {
      yield { path, bytes: NOTHING, stamp, entry };
      continue;
    }
    const bytes = readTreeFile(file);
    if (!(bytes instanceof Uint8Array)) {
      notAnalysed.push(unreadable(path, bytes.unreadable));
      continue;
    }
    if (tools.size > 0 && needsText(path)) manifests.push({ file: path, text: bytes });
    yield { path, bytes, stamp, ...(entry && { entry }) };
  }
  if (tools.size > 0) yield* renderedBy(tools, manifests, notAnalysed, options);
}

type Tools = ReadonlyMap<'helm' | 'kustomize', string>;

/** The user's programs that are to be used, with their paths. */
function toolsOf({ render: wanted, kustomize, env }: CollectOptions): Tools {
  const names = [...(wanted ? (['helm'] as const) : []), ...(kustomize === true ? (['kustomize'] as const) : [])];
  return new Map(
    names.flatMap((name) => {
      const program = findProgram(name, env['PATH']);
      return program === undefined ? [] : [[name, program] as const];
    }),
  );
}

/** Charts and kustomizations through the user's programs. */
function* renderedBy(
  tools: Tools,
  manifests: Parameters<typeof renderables>[0],
  notAnalysed: NotAnalysed[],
  { cwd, env }: CollectOptions,
): Generator<ScanFile, void, undefined> {
  for (const { by, root } of renderables(manifests)) {
    const program = tools.get(by);
    if (program === undefined) continue;
    const rendered = render(by, program, resolve(cwd, root), root === '' ? '.' : root, env);
    if ('text' in rendered)
      yield { path: rendered.file, bytes: new TextEncoder().encode(rendered.text), stamp: '', rendered: { by, root } };
    else notAnalysed.push(rendered);
  }
}

function unreadable(file: string, code: string): NotAnalysed {
  return { file, what: 'unreadable', message: `the file could not be read (${code})` };
}
