// `cullis scan` as a function: what was named in, the judged result out. Nothing is printed here.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { EMPTY_BASELINE, readBaseline } from '#scan/judge/baseline.ts';
import type { Baseline } from '#scan/judge/baseline.ts';
import type { FileSuppression } from '#scan/judge/suppress.ts';
import { DEFAULT_TERMS, dayOf } from '#scan/judge/terms.ts';
import type { ScanResult } from '#scan/result.ts';
import type { AdvisoryDatabase } from '#scan/vulnerabilities/index-file.ts';
import { ageDays } from '#scan/vulnerabilities/age.ts';
import { cacheName, loadWhole } from './cache.ts';
import type { AnalysisData } from './data.ts';
import { list } from './listing.ts';
import type { Listing } from './listing.ts';
import { advisoryPath, cacheFolder } from './places.ts';
import type { Known, Part, ScanRequest } from './request.ts';
import { resultOf } from './result.ts';
import { isImage } from './target.ts';

const IGNORE_FILE = '.cullis-ignore.yaml';

/**
 * Scans what the paths name: a tree, standard input, or images.
 * @throws CullisError config.unreadable when nothing could be read; config.invalid for a damaged baseline or suppression file; those of images and advisories
 */
export async function scan(request: ScanRequest): Promise<{ readonly result: ScanResult; readonly baseline: Baseline }> {
  const baseline =
    request.baseline === undefined ? EMPTY_BASELINE : loadBaseline(resolve(request.cwd, request.baseline), request.baseline);
  const suppressions = await loadSuppressions(request.cwd);
  const file = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(request.cwd, path));
  const advisories = await advisoriesOf(file(request.advisories), request.env);
  try {
    const known: Known = {
      ...(advisories && { advisories: advisories.database }),
      ...((request.epss ?? request.kev) !== undefined && {
        exploits: (await import('./advisories.ts')).readExploits(file(request.epss), file(request.kev)),
      }),
    };
    const images = request.paths.filter(
      (path) => path !== '-' && isImage(path, request.cwd, existsSync(resolve(request.cwd, path))),
    );
    const trees = request.paths.filter((path) => !images.includes(path));
    const parts: Part[] = [];
    // First, since a secret that still stands is told with its age.
    const history = request.history
      ? (await import('./parts.ts')).historyPart(
          trees.filter((path) => path !== '-'),
          request,
        )
      : undefined;
    if (history) parts.push(history);
    if (trees.length > 0 || images.length === 0)
      parts.push(await scanTree(trees, request, { ...known, ...(history && { changedAt: history.changedAt }) }));
    if (images.length > 0 || (request.parity ?? []).length > 0) {
      const { imagePart, parityPart } = await import('./parts.ts');
      for (const image of images) parts.push(await imagePart(image, request, known));
      for (const pair of request.parity ?? []) parts.push(await parityPart(pair, request));
    }
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

/** The engine is loaded when something must be looked at, the database where there is one: most scans are of what was scanned before. */
async function advisoriesOf(
  named: string | undefined,
  env: ScanRequest['env'],
): Promise<{ readonly database: AdvisoryDatabase; close(): void } | undefined> {
  const path = named ?? advisoryPath(env);
  if (path === undefined || (named === undefined && !existsSync(path))) return undefined;
  return (await import('./advisories.ts')).openAdvisories(named, env);
}

async function scanTree(paths: readonly string[], request: ScanRequest, known: Known): Promise<Part> {
  const listing = list(paths, request);
  if (listing.files.length === 0 && !listing.stdin)
    throw new CullisError(
      'config.unreadable',
      listing.notAnalysed.map((one) => `${one.file}: ${one.message}`).join('; ') || 'there is no file to scan',
    );
  // What the team's own rules for secrets find is not what ours do.
  const folder = request.cache && !request.secrets ? cacheFolder(request.env) : undefined;
  const { meta } = known.advisories ?? {};
  const name = cacheName([
    request.cwd,
    ...paths,
    await rendererOf(listing, request),
    dayOf(request.nowMs),
    meta?.fetched ?? '',
    stampOfFile(request.cwd, request.epss),
    stampOfFile(request.cwd, request.kev),
    String(request.history === true),
    existsSync(resolve(request.cwd, '.gitleaksignore')) ? stampOfFile(request.cwd, '.gitleaksignore') : '',
  ]);
  // Commits say what no file does.
  const whole = known.changedAt ? undefined : loadWhole(folder, name, listing.stamps);
  if (whole) return { data: whole, notAnalysed: listing.notAnalysed };
  const { treePart } = await import('./tree.ts');
  return treePart(listing, request, known, { folder, name });
}

const RENDERED = [
  ['helm', /(?:^|\/)Chart\.yaml$/],
  ['kustomize', /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/],
] as const;

/** The programs that charts and kustomizations here may go through: a scan without them, or with others, finds other things. */
async function rendererOf({ files }: Listing, { render, env }: ScanRequest): Promise<string> {
  const wanted = render ? RENDERED.filter(([, name]) => files.some(({ path }) => name.test(path))) : [];
  if (wanted.length === 0) return '';
  const { findProgram } = await import('./render.ts');
  return wanted
    .map(([tool]) => {
      const program = findProgram(tool, env['PATH']);
      return program === undefined ? '' : `${program} ${statSync(program).mtimeMs}`;
    })
    .join(' ');
}

function stampOfFile(cwd: string, path: string | undefined): string {
  if (path === undefined) return '';
  const { size, mtimeMs } = statSync(resolve(cwd, path));
  return `${path} ${size} ${mtimeMs}`;
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
async function loadSuppressions(cwd: string): Promise<readonly FileSuppression[]> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(resolve(cwd, IGNORE_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new CullisError('config.unreadable', `\`${IGNORE_FILE}\` could not be read: ${messageOf(error)}`);
  }
  const { readSuppressions } = await import('#ingest/gate/policy.ts');
  const { value, diagnostics } = readSuppressions(IGNORE_FILE, bytes);
  if (!value) throw new CullisError('config.invalid', describe(diagnostics));
  return value;
}

/** Every mistake on a line of its own. */
export function describe(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(
      ({ location, message, help }) =>
        `${location ? `${location.file}:${location.line}:${location.column}: ` : ''}${message}${help === undefined ? '' : ` (${help})`}`,
    )
    .join('\n  ');
}
