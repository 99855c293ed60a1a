import type { Path } from '#model/origin.ts';
import { listAt } from '#base/raw.ts';

export interface Item {
  readonly raw: unknown;
  readonly path: Path;
}

/** The members of a list, each with where it stands. @param base where the holder of the list stands */
export function itemsAt(holder: unknown, key: string, base: Path): readonly Item[] {
  return listAt(holder, key).map((raw, i) => ({ raw, path: [...base, key, i] }));
}
