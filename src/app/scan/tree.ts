// A tree of files as one part of a scan.
import type { NotAnalysed } from '#model/coverage.ts';
import { analyse } from './analyse.ts';
import { loadParts, saveCache } from './cache.ts';
import { reading } from './collect.ts';
import type { FileEntry } from './data.ts';
import { secretOptions } from './ignored.ts';
import type { Listing } from './listing.ts';
import { needsText } from './needs.ts';
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
  const notAnalysed: NotAnalysed[] = [];
  const unchanged = (path: string, stamp: string): FileEntry | undefined => {
    const file = Object.hasOwn(before.files, path) ? before.files[path] : undefined;
    return file?.stamp === stamp ? file.entry : undefined;
  };
  // The team's own rules cannot be handed to a thread.
  const fresh = request.secrets ? [] : listing.files.filter(({ path, stamp }) => !needsText(path) && !unchanged(path, stamp));
  const ahead = await entriesAhead(fresh, request);
  const knownEntry = (path: string, stamp: string): FileEntry | undefined => ahead.get(path) ?? unchanged(path, stamp);
  const analysis = analyse(reading(listing, request, notAnalysed, knownEntry), {
    nowMs: request.nowMs,
    cache: before,
    ...known,
    ...secretOptions(request),
  });
  const data = { ...analysis.data, notAnalysed: [...notAnalysed, ...analysis.data.notAnalysed] };
  const { stamps } = listing;
  saveCache(cache.folder, cache.name, analysis.cache, stamps === undefined ? undefined : { stamps, data });
  return { data, notAnalysed: listing.notAnalysed };
}
