// A tree of files as one part of a scan.
import type { NotAnalysed } from '#model/coverage.ts';
import { analyse } from './analyse.ts';
import type { Analysis } from './analyse.ts';
import { loadParts, saveCache } from './cache.ts';
import { reading } from './collect.ts';
import type { AnalysisData, FileEntry } from './data.ts';
import { secretOptions } from './ignored.ts';
import type { Listing } from './listing.ts';
import { needsText } from './needs.ts';
import { findProgram } from './render.ts';
import type { Known, Part, ScanRequest } from './request.ts';
import { entriesAhead } from './threads.ts';

/** A tree of which something is not known yet. @param cache where it is kept, and under which name */
export async function treePart(
  listing: Listing,
  request: ScanRequest,
  known: Known,
  cache: { readonly folder: string | undefined; readonly name: string },
): Promise<Part> {
  const before = loadParts(cache.folder, cache.name);
  const unchanged = (path: string, stamp: string): FileEntry | undefined => {
    const file = Object.hasOwn(before.files, path) ? before.files[path] : undefined;
    return file?.stamp === stamp ? file.entry : undefined;
  };
  // The team's own rules cannot be handed to a thread.
  const fresh = request.secrets ? [] : listing.files.filter(({ path, stamp }) => !needsText(path) && !unchanged(path, stamp));
  const ahead = await entriesAhead(fresh, request);
  const knownEntry = (path: string, stamp: string): FileEntry | undefined => ahead.get(path) ?? unchanged(path, stamp);
  const look = (kustomize: boolean): { readonly analysis: Analysis; readonly data: AnalysisData } => {
    const notAnalysed: NotAnalysed[] = [];
    const files = reading(listing, { ...request, kustomize }, notAnalysed, knownEntry);
    const analysis = analyse(files, { nowMs: request.nowMs, cache: before, ...known, ...secretOptions(request) });
    return { analysis, data: { ...analysis.data, notAnalysed: [...notAnalysed, ...analysis.data.notAnalysed] } };
  };
  const first = look(false);
  const { analysis, data } = request.render && asksForKustomize(first.data, request.env) ? look(true) : first;
  const { stamps } = listing;
  saveCache(cache.folder, cache.name, analysis.cache, stamps === undefined ? undefined : { stamps, data });
  return { data, notAnalysed: listing.notAnalysed };
}

/** Whether the user's kustomize would see more than ours. Not where it would have to fetch something: a scan stays on this machine. */
function asksForKustomize({ notAnalysed }: AnalysisData, env: ScanRequest['env']): boolean {
  const has = (what: string): boolean => notAnalysed.some((one) => one.what === what);
  return has('kustomize') && !has('remote-base') && findProgram('kustomize', env['PATH']) !== undefined;
}
