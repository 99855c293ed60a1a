// Files to findings: each file by itself, then every deployable as one System.
import { createHash } from 'node:crypto';
import { readUnits } from '#ingest/units.ts';
import type { Unit, UnitSource } from '#ingest/units.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import { resourceId } from '#model/resource.ts';
import { lintContext } from '#policy/lint/context.ts';
import { IGNORE_ANNOTATION } from '#scan/judge/suppress.ts';
import { ownerOf } from '#scan/judge/owners.ts';
import { compareSides } from '#scan/parity/parity.ts';
import { sideOf } from '#scan/parity/side.ts';
import { pairUnits } from '#scan/parity/units.ts';
import { reachOf } from '#scan/reach/reach.ts';
import type { ScanContext } from '#scan/rule.ts';
import { versionsAcross } from '#scan/rules/images/across-units.ts';
import { parityFindings } from '#scan/rules/parity/findings.ts';
import { judgeSystem } from '#scan/system.ts';
import type { VulnerabilityInput } from '#scan/attack/model.ts';
import { matchPackages, vulnerabilityFindings } from '#scan/vulnerabilities/findings.ts';
import type { AdvisoryDatabase } from '#scan/vulnerabilities/index-file.ts';
import type { ExploitData } from '#scan/vulnerabilities/priority.ts';
import { reachabilityIn, standsOf, vulnerabilitiesIn } from './placement.ts';
import { softwareOf } from './software.ts';
import type { AnalysisData, ScanFile, UnitData } from './data.ts';
import type { ScanCache } from './cache.ts';
import { fileFindings, treeFindings } from './files.ts';
import type { FileOptions } from './files.ts';

export interface AnalyseOptions extends FileOptions {
  readonly cache?: ScanCache;
  /** What is known of vulnerabilities; nothing is said of them without it. */
  readonly advisories?: AdvisoryDatabase;
  readonly exploits?: ExploitData;
}

export interface Analysis {
  readonly data: AnalysisData;
  readonly units: readonly Unit[];
  /** For the next scan. */
  readonly cache: ScanCache;
}

/**
 * Everything that can be said of these files. Pure but for the clock that options hold; never throws for what a file says.
 */
export function analyse(files: readonly ScanFile[], options: AnalyseOptions): Analysis {
  const cachedFiles = options.cache?.files ?? {};
  const entries: Record<string, ScanCache['files'][string]> = Object.create(null) as Record<string, ScanCache['files'][string]>;
  const hashes = new Map<string, string>();
  const findings: Finding[] = [];
  const ignoreLines: [string, number, string][] = [];
  const texts: UnitSource[] = [];
  let bytes = 0;
  for (const { path, bytes: content, stamp, rendered } of files) {
    bytes += content.length;
    const hash = createHash('sha256').update(content).digest('base64url');
    hashes.set(path, hash);
    const cached = Object.hasOwn(cachedFiles, path) ? cachedFiles[path] : undefined;
    const found = cached?.hash === hash ? cached.findings : fileFindings(path, content, options);
    entries[path] = { stamp, hash, findings: found };
    findings.push(...found);
    collectIgnores(path, content, ignoreLines);
    texts.push({ file: path, text: content, ...(rendered && { rendered }) });
  }
  const { units, notAnalysed } = readUnits(texts);
  const unitEntries: Record<string, UnitData> = {};
  const software = softwareOf(files);
  const known = options.advisories
    ? matchPackages(software.packages, options.advisories, options.exploits && { exploits: options.exploits })
    : [];
  const unitData = units.map((unit) => {
    const vulnerabilities = vulnerabilitiesIn(unit.system, known);
    const key = keyOf(unit, hashes, vulnerabilities);
    const data = options.cache?.units[key] ?? analyseUnit(unit, options, vulnerabilities);
    unitEntries[key] = data;
    return data;
  });
  const rated = options.advisories
    ? vulnerabilityFindings(software.packages, options.advisories, {
        ...(options.exploits && { exploits: options.exploits }),
        reachable: reachabilityIn(units, unitData),
      })
    : [];
  return {
    data: {
      files: files.length,
      bytes,
      units: unitData,
      findings: [
        ...findings,
        ...treeFindings(files, options),
        ...rated,
        ...versionsAcross(units),
        ...pairUnits(units).flatMap(({ a, b, labels }) =>
          parityFindings(compareSides(sideOf(labels[0], a.system), sideOf(labels[1], b.system))),
        ),
      ],
      notAnalysed: [...notAnalysed, ...software.notAnalysed],
      packages: software.packages.length,
      ignoreLines,
      ...codeOwnersOf(files),
    },
    units,
    cache: { files: entries, units: unitEntries },
  };
}

/** What rules over the whole see of one unit. */
export function contextOf(unit: Unit, nowMs: number): ScanContext {
  let reach: ReturnType<typeof reachOf> | undefined;
  return { system: unit.system, lint: lintContext(unit.system), reach: () => (reach ??= reachOf(unit.system)), now: nowMs };
}

function analyseUnit(unit: Unit, options: AnalyseOptions, vulnerabilities: readonly VulnerabilityInput[]): UnitData {
  const { system } = unit;
  const context = contextOf(unit, options.nowMs);
  const { findings, paths, onPaths } = judgeSystem(context, unit.name, vulnerabilities);
  return {
    summary: {
      name: unit.name,
      files: unit.files.length,
      documents: system.resources.length,
      workloads: system.workloads.length,
      services: system.services.length,
      hash: system.hash,
    },
    findings,
    paths,
    diagnostics: unit.diagnostics,
    ignores: system.resources.flatMap((resource) => {
      const text = resource.metadata.annotations[IGNORE_ANNOTATION];
      return text === undefined ? [] : [[resourceId(resource), text] as const];
    }),
    stands: standsOf(context.reach(), onPaths),
    owners: system.resources.flatMap((resource) => {
      const owner = ownerOf(resource);
      return owner === undefined ? [] : [[resourceId(resource), owner] as const];
    }),
  };
}

/** Two units with the same files and the same contents are one. */
function keyOf(unit: Unit, hashes: ReadonlyMap<string, string>, vulnerabilities: readonly VulnerabilityInput[]): string {
  const digest = createHash('sha256').update(`${unit.name} ${JSON.stringify(vulnerabilities)}`);
  for (const file of unit.files) digest.update(`\n${file} ${hashes.get(file) ?? ''}`);
  return digest.digest('base64url');
}

const MARK = Buffer.from('cullis:ignore');

function collectIgnores(path: string, content: Uint8Array, into: [string, number, string][]): void {
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (!buffer.includes(MARK)) return;
  for (const [i, text] of buffer.toString('utf8').split('\n').entries())
    if (text.includes('cullis:ignore')) into.push([path, i + 1, text.slice(0, 2000)]);
}

const CODE_OWNERS = /(?:^|\/)(?:\.github\/|\.gitlab\/|docs\/)?CODEOWNERS$/;

function codeOwnersOf(files: readonly ScanFile[]): { readonly codeOwners?: string } {
  const file = files.find(({ path }) => CODE_OWNERS.test(path));
  return file ? { codeOwners: new TextDecoder().decode(file.bytes) } : {};
}

export function unreadable(file: string, code: string): NotAnalysed {
  return { file, what: 'unreadable', message: `the file could not be read (${code})` };
}
