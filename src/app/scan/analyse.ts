// Files to findings: each file by itself, then every deployable as one System.
import { createHash } from 'node:crypto';
import { readUnits } from '#ingest/units.ts';
import type { Unit, UnitSource } from '#ingest/units.ts';
import type { NotAnalysed } from '#model/coverage.ts';
import type { Finding } from '#model/finding.ts';
import { fileOf } from '#model/origin.ts';
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
import { reachabilityIn, standsOf, vulnerabilitiesIn } from './placement.ts';
import { softwareOf } from './software.ts';
import type { AnalysisData, FoundData, ScanFile, UnitData } from './data.ts';
import type { ScanCache } from './cache.ts';
import { entryOf, treeFindings } from './files.ts';
import type { FileOptions } from './files.ts';
import { CODE_OWNERS, needsText } from './needs.ts';
import type { Known } from './request.ts';

const NOTHING = new Uint8Array(0);
/** Workloads of one file that are equal but for a number in their names. Beyond these a finding says nothing that is not said already. */
const ALIKE_MAX = 200;

/** Nothing is said of vulnerabilities, or of the age of manifests, where nothing is known of them. */
export interface AnalyseOptions extends FileOptions, Known {
  readonly cache?: ScanCache;
}

export interface Analysis {
  readonly data: AnalysisData;
  readonly units: readonly Unit[];
  /** For the next scan. */
  readonly cache: ScanCache;
}

/**
 * Everything that can be said of these files, taken one after another. Pure but for the clock that options hold; never throws for what a file says.
 */
export function analyse(files: Iterable<ScanFile>, options: AnalyseOptions): Analysis {
  const cached = options.cache?.files ?? {};
  const entries: Record<string, ScanCache['files'][string]> = Object.create(null) as Record<string, ScanCache['files'][string]>;
  const findings: Finding[] = [];
  const ignoreLines: [string, number, string][] = [];
  const certificates: FoundData[] = [];
  const kept: ScanFile[] = [];
  const left: NotAnalysed[] = [];
  let bytes = 0;
  for (const file of files) {
    const { path, stamp } = file;
    const entry = file.entry ?? entryOf(path, file.bytes, options, Object.hasOwn(cached, path) ? cached[path]?.entry : undefined);
    entries[path] = { stamp, entry };
    bytes += entry.size;
    findings.push(...entry.findings);
    for (const [line, text] of entry.ignores ?? []) ignoreLines.push([path, line, text]);
    if (entry.certificates) certificates.push(entry.certificates);
    left.push(...(entry.notAnalysed ?? []));
    // The others are only known by name from here on: a large tree must not lie in memory.
    kept.push(file.rendered || needsText(path) ? file : { path, stamp, bytes: NOTHING });
  }
  const { units, notAnalysed } = readUnits(
    kept.map(({ path, bytes: text, rendered }): UnitSource => ({ file: path, text, ...(rendered && { rendered }) })),
    { alikeMax: ALIKE_MAX },
  );
  const unitEntries: Record<string, UnitData> = {};
  const software = softwareOf(kept);
  const known = options.advisories
    ? matchPackages(software.packages, options.advisories, options.exploits && { exploits: options.exploits })
    : [];
  const unitData = units.map((unit) => {
    const vulnerabilities = vulnerabilitiesIn(unit.system, known);
    const key = keyOf(unit, entries, vulnerabilities, options.changedAt);
    const data = options.cache?.units[key] ?? analyseUnit(unit, entries, options, vulnerabilities);
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
      files: kept.length,
      bytes,
      units: unitData,
      findings: [
        ...findings,
        ...treeFindings(kept, certificates, options),
        ...rated,
        ...versionsAcross(units),
        ...pairUnits(units).flatMap(({ a, b, labels }) =>
          parityFindings(compareSides(sideOf(labels[0], a.system), sideOf(labels[1], b.system))),
        ),
      ],
      notAnalysed: [...notAnalysed, ...left, ...software.notAnalysed, ...unitData.flatMap((unit) => unit.notAnalysed ?? [])],
      packages: software.packages.length,
      ignoreLines,
      ...codeOwnersOf(kept),
    },
    units,
    cache: { files: entries, units: unitEntries },
  };
}

/** What rules over the whole see of one unit. */
export function contextOf(unit: Unit, nowMs: number, changedAt?: Known['changedAt']): ScanContext {
  let reach: ReturnType<typeof reachOf> | undefined;
  return {
    ...(changedAt && { secretAges: agesIn(unit, changedAt) }),
    system: unit.system,
    lint: lintContext(unit.system),
    reach: () => (reach ??= reachOf(unit.system)),
    now: nowMs,
  };
}

/** When the file of each Secret got its present content: its value is at least that old. */
function agesIn({ system }: Unit, changedAt: NonNullable<Known['changedAt']>): ReadonlyMap<string, number> {
  const secrets = system.resources.filter(({ kind }) => kind.endsWith('Secret'));
  return new Map(
    secrets.flatMap((resource) => {
      const when = changedAt.get(fileOf(resource) ?? '');
      return when === undefined ? [] : [[resourceId(resource), when] as const];
    }),
  );
}

/** Equal files give equal hashes, whatever they are called. */
function hashOf({ files }: Unit, entries: ScanCache['files']): string {
  const contents = files.map((file) => entries[file]?.entry.hash ?? '').sort();
  return createHash('sha256').update(contents.join('\n')).digest('hex');
}

function analyseUnit(
  unit: Unit,
  entries: ScanCache['files'],
  options: AnalyseOptions,
  vulnerabilities: readonly VulnerabilityInput[],
): UnitData {
  const { system } = unit;
  const context = contextOf(unit, options.nowMs, options.changedAt);
  const { findings, paths, onPaths, notAnalysed } = judgeSystem(context, unit.name, vulnerabilities);
  return {
    summary: {
      name: unit.name,
      files: unit.files.length,
      documents: system.resources.length,
      workloads: system.workloads.length,
      services: system.services.length,
      hash: hashOf(unit, entries),
    },
    findings,
    paths,
    ...(notAnalysed.length > 0 && { notAnalysed }),
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
function keyOf(
  unit: Unit,
  entries: ScanCache['files'],
  vulnerabilities: readonly VulnerabilityInput[],
  changedAt: Known['changedAt'],
): string {
  const digest = createHash('sha256').update(`${unit.name} ${JSON.stringify(vulnerabilities)}`);
  for (const file of unit.files) digest.update(`\n${file} ${entries[file]?.entry.hash ?? ''} ${changedAt?.get(file) ?? ''}`);
  return digest.digest('base64url');
}

function codeOwnersOf(files: readonly ScanFile[]): { readonly codeOwners?: string } {
  const file = files.find(({ path }) => CODE_OWNERS.test(path));
  return file ? { codeOwners: new TextDecoder().decode(file.bytes) } : {};
}
