// `cullis scan` as a function: what was named in, the judged result out. Nothing is printed here.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { readSuppressions } from '#ingest/gate/policy.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { EMPTY_BASELINE, readBaseline } from '#scan/judge/baseline.ts';
import type { Baseline } from '#scan/judge/baseline.ts';
import type { FileSuppression } from '#scan/judge/suppress.ts';
import { DEFAULT_TERMS, dayOf } from '#scan/judge/terms.ts';
import type { Terms } from '#scan/judge/terms.ts';
import type { ScanResult } from '#scan/result.ts';
import { analyse } from './analyse.ts';
import { cacheFolder, cacheName, loadCache, saveCache } from './cache.ts';
import { collect, list } from './collect.ts';
import { resultOf } from './result.ts';

export interface ScanRequest {
  readonly paths: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: () => Uint8Array;
  readonly nowMs: number;
  readonly version: string;
  readonly render: boolean;
  readonly cache: boolean;
  /** File; one that is not there yet counts as empty. */
  readonly baseline?: string;
  readonly terms?: Terms;
}

const IGNORE_FILE = '.cullis-ignore.yaml';

/**
 * Scans what the paths name.
 * @throws CullisError config.unreadable when nothing could be read; config.invalid for a damaged baseline or suppression file
 */
export function scan(request: ScanRequest): { readonly result: ScanResult; readonly baseline: Baseline } {
  const listing = list(request.paths, request);
  if (listing.files.length === 0 && !listing.stdin)
    throw new CullisError(
      'config.unreadable',
      listing.notAnalysed.map((one) => `${one.file}: ${one.message}`).join('; ') || 'there is no file to scan',
    );
  const baseline =
    request.baseline === undefined ? EMPTY_BASELINE : loadBaseline(resolve(request.cwd, request.baseline), request.baseline);
  const suppressions = loadSuppressions(request.cwd);
  const folder = request.cache ? cacheFolder(request.env) : undefined;
  const name = cacheName([request.cwd, ...request.paths, String(request.render), dayOf(request.nowMs)]);
  const cache = loadCache(folder, name);
  let data = cache.whole?.stamps === listing.stamps ? cache.whole?.data : undefined;
  if (!data) {
    const { files, notAnalysed } = collect(listing, request);
    const analysis = analyse(files, { nowMs: request.nowMs, cache });
    data = { ...analysis.data, notAnalysed: [...notAnalysed, ...analysis.data.notAnalysed] };
    saveCache(folder, name, {
      ...analysis.cache,
      ...(listing.stamps !== undefined && { whole: { stamps: listing.stamps, data } }),
    });
  }
  const result = resultOf(data, {
    version: request.version,
    target: request.paths.length === 0 ? '.' : request.paths.join(' '),
    nowMs: request.nowMs,
    baseline,
    terms: request.terms ?? DEFAULT_TERMS,
    suppressions,
    notAnalysed: listing.notAnalysed,
  });
  return { result, baseline };
}

function loadBaseline(file: string, shown: string): Baseline {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY_BASELINE;
    throw new CullisError('config.unreadable', `the baseline \`${shown}\` could not be read: ${messageOf(error)}`);
  }
  const read = readBaseline(text);
  if ('mistake' in read) throw new CullisError('config.invalid', `the baseline \`${shown}\` cannot be used: ${read.mistake}`);
  return read;
}

/** The team's suppressions, beside where the command is run. A mistake in them suppresses nothing and stops the scan: silence must not come from a slip. */
function loadSuppressions(cwd: string): readonly FileSuppression[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(resolve(cwd, IGNORE_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CullisError('config.unreadable', `\`${IGNORE_FILE}\` could not be read: ${messageOf(error)}`);
  }
  const { value, diagnostics } = readSuppressions(IGNORE_FILE, bytes);
  if (!value) throw new CullisError('config.invalid', describe(diagnostics));
  return value;
}

export function describe(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(
      ({ location, message, help }) =>
        `${location ? `${location.file}:${location.line}:${location.column}: ` : ''}${message}${help === undefined ? '' : ` (${help})`}`,
    )
    .join('; ');
}
