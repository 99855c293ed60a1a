// `cullis scan` as a function: what was named in, the judged result out. Nothing is printed here.
import { existsSync, readFileSync } from 'node:fs';
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
import type { NotAnalysed } from '#model/coverage.ts';
import type { SecretScanner } from '#scan/secrets/scanner.ts';
import { vulnerabilityFindings } from '#scan/vulnerabilities/findings.ts';
import type { AdvisoryDatabase } from '#scan/vulnerabilities/index-file.ts';
import type { ExploitData } from '#scan/vulnerabilities/priority.ts';
import { ageDays } from '#scan/vulnerabilities/sink.ts';
import { analyse } from './analyse.ts';
import { cacheFolder, cacheName, loadCache, saveCache } from './cache.ts';
import { collect, list } from './collect.ts';
import type { AnalysisData } from './data.ts';
import { isImage, openOrPull, scanImage } from './image.ts';
import type { System } from '#model/system.ts';
import { parity } from '#scan/parity/parity.ts';
import { parityFindings } from '#scan/rules/parity/findings.ts';
import { resultOf } from './result.ts';
import { openAdvisories, readExploits } from './software.ts';
import { loadTree, pickUnit } from './units.ts';

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
  /** Files of the user's: the advisory database instead of the usual one, EPSS scores, CISA's catalogue. */
  readonly advisories?: string;
  readonly epss?: string;
  readonly kev?: string;
  readonly secrets?: SecretScanner;
  /** Pairs of folders that must be alike, beside those that their names tell. */
  readonly parity?: readonly { readonly a: string; readonly b: string }[];
}

const IGNORE_FILE = '.cullis-ignore.yaml';

/**
 * Scans what the paths name: a tree, standard input, or images.
 * @throws CullisError config.unreadable when nothing could be read; config.invalid for a damaged baseline or suppression file; those of images and advisories
 */
export async function scan(request: ScanRequest): Promise<{ readonly result: ScanResult; readonly baseline: Baseline }> {
  const baseline =
    request.baseline === undefined ? EMPTY_BASELINE : loadBaseline(resolve(request.cwd, request.baseline), request.baseline);
  const suppressions = loadSuppressions(request.cwd);
  const file = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(request.cwd, path));
  const advisories = openAdvisories(file(request.advisories), request.env);
  try {
    const known: Known = {
      ...(advisories && { advisories: advisories.database }),
      ...((request.epss ?? request.kev) !== undefined && { exploits: readExploits(file(request.epss), file(request.kev)) }),
    };
    const images = request.paths.filter(
      (path) => path !== '-' && isImage(path, request.cwd, existsSync(resolve(request.cwd, path))),
    );
    const trees = request.paths.filter((path) => !images.includes(path));
    const parts: Part[] = trees.length > 0 || images.length === 0 ? [scanTree(trees, request, known)] : [];
    for (const image of images) parts.push(await imagePart(image, request, known));
    for (const pair of request.parity ?? []) parts.push(parityPart(pair, request));
    const meta = advisories?.database.meta;
    const result = resultOf(joined(parts), {
      version: request.version,
      target: request.paths.length === 0 ? '.' : request.paths.join(' '),
      nowMs: request.nowMs,
      baseline,
      terms: request.terms ?? DEFAULT_TERMS,
      suppressions,
      notAnalysed: parts.flatMap(({ notAnalysed }) => notAnalysed),
      ...(meta && { advisories: { from: meta.from, ageDays: Math.floor(ageDays(meta, request.nowMs)), count: meta.count } }),
    });
    return { result, baseline };
  } finally {
    advisories?.close();
  }
}

/** What is known of vulnerabilities. */
interface Known {
  readonly advisories?: AdvisoryDatabase;
  readonly exploits?: ExploitData;
}

interface Part {
  readonly data: AnalysisData;
  readonly notAnalysed: readonly NotAnalysed[];
}

function scanTree(paths: readonly string[], request: ScanRequest, known: Known): Part {
  const listing = list(paths, request);
  if (listing.files.length === 0 && !listing.stdin)
    throw new CullisError(
      'config.unreadable',
      listing.notAnalysed.map((one) => `${one.file}: ${one.message}`).join('; ') || 'there is no file to scan',
    );
  const folder = request.cache ? cacheFolder(request.env) : undefined;
  const { meta } = known.advisories ?? {};
  const name = cacheName([
    request.cwd,
    ...paths,
    String(request.render),
    dayOf(request.nowMs),
    meta?.fetched ?? '',
    request.epss ?? '',
    request.kev ?? '',
  ]);
  const cache = loadCache(folder, name);
  const whole = cache.whole?.stamps === listing.stamps ? cache.whole?.data : undefined;
  if (whole) return { data: whole, notAnalysed: listing.notAnalysed };
  const { files, notAnalysed } = collect(listing, request);
  const analysis = analyse(files, {
    nowMs: request.nowMs,
    cache,
    ...known,
    ...(request.secrets && { secrets: request.secrets }),
  });
  const data = { ...analysis.data, notAnalysed: [...notAnalysed, ...analysis.data.notAnalysed] };
  saveCache(folder, name, {
    ...analysis.cache,
    ...(listing.stamps !== undefined && { whole: { stamps: listing.stamps, data } }),
  });
  return { data, notAnalysed: listing.notAnalysed };
}

async function imagePart(word: string, request: ScanRequest, { advisories, exploits }: Known): Promise<Part> {
  const image = await openOrPull(word, request.cwd, existsSync(resolve(request.cwd, word)), request.env);
  const { findings, packages, notAnalysed, files, bytes } = await scanImage(image, {
    nowMs: request.nowMs,
    ...(request.secrets && { secrets: request.secrets }),
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
function parityPart({ a, b }: { readonly a: string; readonly b: string }, request: ScanRequest): Part {
  const systemOf = (folder: string): System => pickUnit(loadTree([folder], request).units, undefined).system;
  const findings = parityFindings(parity(systemOf(a), systemOf(b), { labels: [a, b] }));
  return { data: { files: 0, bytes: 0, packages: 0, units: [], findings, notAnalysed: [], ignoreLines: [] }, notAnalysed: [] };
}

function joined(parts: readonly Part[]): AnalysisData {
  const codeOwners = parts.find(({ data }) => data.codeOwners !== undefined)?.data.codeOwners;
  const sum = (of: (data: AnalysisData) => number): number => parts.reduce((total, { data }) => total + of(data), 0);
  return {
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    packages: sum(({ packages }) => packages),
    units: parts.flatMap(({ data }) => data.units),
    findings: parts.flatMap(({ data }) => data.findings),
    notAnalysed: parts.flatMap(({ data }) => data.notAnalysed),
    ignoreLines: parts.flatMap(({ data }) => data.ignoreLines),
    ...(codeOwners !== undefined && { codeOwners }),
  };
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
