// The parts that a scan is put together from: trees, images, and environments side by side.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { NotAnalysed } from '#model/coverage.ts';
import type { System } from '#model/system.ts';
import { parity } from '#scan/parity/parity.ts';
import { parityFindings } from '#scan/rules/parity/findings.ts';
import { vulnerabilityFindings } from '#scan/vulnerabilities/findings.ts';
import { analyse } from './analyse.ts';
import { loadParts, saveCache } from './cache.ts';
import { reading } from './collect.ts';
import type { FileEntry } from './data.ts';
import type { FileOptions } from './files.ts';
import { historyFindings } from './history.ts';
import { openOrPull, scanImage } from './image.ts';
import { ignoredIn } from './secret-settings.ts';
import type { Listing } from './listing.ts';
import { needsText } from './needs.ts';
import type { Known, Part, ScanRequest } from './scan.ts';
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

function secretOptions({ secrets, cwd }: ScanRequest): Pick<FileOptions, 'secrets' | 'ignored'> {
  const ignored = ignoredIn(cwd);
  return { ...(secrets && { secrets }), ...(ignored && { ignored }) };
}

/** What the commits of the repositories hold that the paths lie in. */
export function historyPart(paths: readonly string[], request: ScanRequest): Part {
  const { findings, notAnalysed } = historyFindings(paths, request);
  return { data: { files: 0, bytes: 0, packages: 0, units: [], findings, notAnalysed: [], ignoreLines: [] }, notAnalysed };
}

/** One image. @throws CullisError image.invalid, image.unavailable, fetch.failed */
export async function imagePart(word: string, request: ScanRequest, { advisories, exploits }: Known): Promise<Part> {
  const image = await openOrPull(word, request.cwd, existsSync(resolve(request.cwd, word)), request.env);
  const { findings, packages, notAnalysed, files, bytes } = await scanImage(image, {
    nowMs: request.nowMs,
    ...secretOptions(request),
  });
  const rated = advisories ? vulnerabilityFindings(packages, advisories, exploits && { exploits }) : [];
  return {
    data: {
      files,
      bytes,
      units: [],
      findings: [...findings, ...rated],
      notAnalysed: [],
      ignoreLines: [],
      packages: packages.length,
    },
    notAnalysed,
  };
}

/** Two environments side by side, as the policy names them. @throws CullisError config.unreadable when one is not there */
export async function parityPart({ a, b }: { readonly a: string; readonly b: string }, request: ScanRequest): Promise<Part> {
  const { loadTree, pickUnit } = await import('./units.ts');
  const systemOf = (folder: string): System => pickUnit(loadTree([folder], request).units, undefined).system;
  const findings = parityFindings(parity(systemOf(a), systemOf(b), { labels: [a, b] }));
  return { data: { files: 0, bytes: 0, packages: 0, units: [], findings, notAnalysed: [], ignoreLines: [] }, notAnalysed: [] };
}
