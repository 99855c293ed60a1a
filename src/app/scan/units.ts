// The systems below some paths, for commands that ask one of them a question.
import { CullisError } from '#base/errors.ts';
import { readUnits } from '#ingest/units.ts';
import type { Unit, UnitSource } from '#ingest/units.ts';
import { collect, list } from './collect.ts';
import type { CollectOptions } from './collect.ts';

/**
 * Reads the systems that the paths name; this folder when there are none.
 * @throws CullisError config.unreadable when there is none
 */
export function loadUnits(paths: readonly string[], options: CollectOptions): readonly Unit[] {
  const listing = list(paths, options);
  const { files } = collect(listing, options);
  const { units } = readUnits(
    files.map(({ path, bytes, rendered }): UnitSource => ({ file: path, text: bytes, ...(rendered && { rendered }) })),
  );
  if (units.length === 0) {
    const why = listing.notAnalysed.map((one) => `${one.file}: ${one.message}`).join('; ');
    throw new CullisError(
      'config.unreadable',
      why || `no system (manifests, Compose) in ${paths.map((path) => `\`${path}\``).join(', ') || '`.`'}`,
    );
  }
  return units;
}

/** The unit that a person means: the one named, else the one with the most workloads. @throws CullisError usage.invalid with the names there are */
export function pickUnit(units: readonly Unit[], name: string | undefined): Unit {
  if (name === undefined)
    return units.reduce((best, unit) => (unit.system.workloads.length > best.system.workloads.length ? unit : best));
  const found = units.find((unit) => unit.name === name);
  if (found) return found;
  throw new CullisError(
    'usage.invalid',
    `there is no system \`${name}\` here; there are ${units
      .slice(0, 20)
      .map((unit) => `\`${unit.name}\``)
      .join(', ')}`,
  );
}
