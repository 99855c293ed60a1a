// The parts that a scan may have beside its tree: history, images, and environments side by side.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { System } from '#model/system.ts';
import { sideLabels } from '#scan/parity/labels.ts';
import { parity } from '#scan/parity/parity.ts';
import { parityFindings } from '#scan/rules/parity/findings.ts';
import { vulnerabilityFindings } from '#scan/vulnerabilities/findings.ts';
import { historyFindings } from './history.ts';
import { secretOptions } from './ignored.ts';
import { openOrPull, scanImage } from './image.ts';
import type { Known, Part, ScanRequest } from './request.ts';

/** What the commits of the repositories hold that the paths lie in. */
export function historyPart(
  paths: readonly string[],
  request: ScanRequest,
): Part & { readonly changedAt: ReadonlyMap<string, number> } {
  const { findings, notAnalysed, changedAt } = historyFindings(paths, request);
  return {
    changedAt,
    data: { files: 0, bytes: 0, packages: 0, units: [], findings, notAnalysed: [], ignoreLines: [] },
    notAnalysed,
  };
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
  const findings = parityFindings(parity(systemOf(a), systemOf(b), { labels: sideLabels(a, b) }));
  return { data: { files: 0, bytes: 0, packages: 0, units: [], findings, notAnalysed: [], ignoreLines: [] }, notAnalysed: [] };
}
