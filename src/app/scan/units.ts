// The systems below some paths, for commands that ask one of them a question.
import { CullisError } from '#base/errors.ts';
import { readUnits } from '#ingest/units.ts';
import type { Unit, UnitSource } from '#ingest/units.ts';
import type { FindingEdit } from '#model/finding.ts';
import { applyEdits } from '#syntax/edit.ts';
import { collect } from './collect.ts';
import { list } from './listing.ts';
import type { ScanFile } from './data.ts';
import type { CollectOptions } from './collect.ts';

export interface LoadedTree {
  readonly files: readonly ScanFile[];
  readonly units: readonly Unit[];
}

/**
 * Reads the systems that the paths name; this folder when there are none.
 * @throws CullisError config.unreadable when there is none
 */
export function loadTree(paths: readonly string[], options: CollectOptions): LoadedTree {
  const listing = list(paths, options);
  const { files } = collect(listing, options);
  const units = unitsIn(files);
  if (units.length === 0) {
    const why = listing.notAnalysed.map((one) => `${one.file}: ${one.message}`).join('; ');
    throw new CullisError(
      'config.unreadable',
      why || `no system (manifests, Compose) in ${paths.map((path) => `\`${path}\``).join(', ') || '`.`'}`,
    );
  }
  return { files, units };
}

function unitsIn(files: readonly ScanFile[]): readonly Unit[] {
  return readUnits(
    files.map(({ path, bytes, rendered }): UnitSource => ({ file: path, text: bytes, ...(rendered && { rendered }) })),
  ).units;
}

/** A file before and after some edits; `before` is '' for a new one. */
export interface EditedFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Makes edits in copies of the files, and reads the unit again from them: what a proof must be about.
 * New resources go to the file that the edit names; where the unit would not take that in (a kustomization lists its files), to one it has.
 */
export function editUnit(
  tree: LoadedTree,
  unit: Unit,
  edits: readonly FindingEdit[],
): { readonly edited: readonly EditedFile[]; readonly unit: Unit | undefined } {
  const wanted = edits.filter((edit) => edit.op === 'create').length;
  for (const beside of [false, true]) {
    const edited = editFiles(tree.files, edits, beside ? hostOf(unit) : undefined);
    const changed = new Map(edited.map((file) => [file.path, new TextEncoder().encode(file.after)]));
    const files = tree.files.map((file) => ({ ...file, bytes: changed.get(file.path) ?? file.bytes }));
    for (const { path, before, after } of edited)
      if (before === '') files.push({ path, bytes: new TextEncoder().encode(after), stamp: '' });
    const again = unitsIn(files).find(({ name }) => name === unit.name);
    if (beside || wanted === 0 || (again && again.system.resources.length >= unit.system.resources.length + wanted))
      return { edited, unit: again };
  }
  return { edited: [], unit: undefined };
}

/** A plain manifest of the unit that new documents can be added to. */
function hostOf({ files }: Unit): string | undefined {
  return files.find((file) => /\.ya?ml$/.test(file) && !/(?:^|\/)kustomization\.ya?ml$/.test(file));
}

function editFiles(files: readonly ScanFile[], edits: readonly FindingEdit[], host: string | undefined): readonly EditedFile[] {
  const texts = new Map(files.map(({ path, bytes }) => [path, bytes]));
  const byFile = new Map<string, FindingEdit[]>();
  for (const edit of edits) {
    const file = edit.op === 'create' ? (host ?? edit.file) : edit.document.file;
    const list = byFile.get(file);
    if (list) list.push(edit);
    else byFile.set(file, [edit]);
  }
  return [...byFile].map(([path, own]) => {
    const bytes = texts.get(path);
    const before = bytes ? new TextDecoder().decode(bytes) : '';
    return { path, before, after: applyEdits(before, own) };
  });
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
