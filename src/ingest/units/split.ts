// Plain manifests of a tree to systems in which no object is there twice.
import { canonicalJson } from '#base/canonical-json.ts';
import type { ImportedDocument } from '../import.ts';
import { objectId } from '../load.ts';
import { commonFolder, folderOf } from '#base/paths.ts';

export interface PlainFile {
  readonly file: string;
  readonly documents: readonly ImportedDocument[];
}

/** Files that stay together: a folder with what is below it, or a single file. */
interface Item {
  readonly path: string;
  readonly files: readonly PlainFile[];
  /** Stages that its path names. */
  readonly stages: readonly string[];
  /** What each object is in it: a number that is the same for the same content. */
  readonly objects: ReadonlyMap<string, number>;
}

export interface PlainUnit {
  /** The folder or file that sets it apart. */
  readonly name: string;
  readonly root: string;
  readonly documents: readonly ImportedDocument[];
  /** In order, each once. */
  readonly files: readonly string[];
}

export const UNITS_MAX = 64;

/**
 * A folder and what is below it is one unit as long as nothing collides. Where it does, files and folders become variants: each is in a
 * unit with everything that it does not collide with. What collides with less than half of another item is laid over it, object by object.
 * @returns the units, and files that found no place because there are too many variants
 */
export function splitPlain(files: readonly PlainFile[]): {
  readonly units: readonly PlainUnit[];
  readonly left: readonly string[];
} {
  const filled = files.filter((each) => each.documents.length > 0);
  if (filled.length === 0) return { units: [], left: [] };
  const contents = new Contents();
  const items = itemsOf(treeOf(filled), contents);
  const contested = contents.contested();
  const order = items.toSorted(
    (a, b) => b.objects.size - a.objects.size || a.path.length - b.path.length || (a.path < b.path ? -1 : 1),
  );
  const units: PlainUnit[] = [];
  let open = order;
  const placed: Item[] = [];
  while (open.length > 0 && units.length < UNITS_MAX) {
    const seed = open[0]!;
    const chosen = [seed];
    const objects = new Map(seed.objects);
    // Variants of the same name belong together: `a/staging` and `b/staging`.
    for (const item of byAffinity(seed, open.slice(1)))
      if (!otherEnvironment(seed, item) && fits(item, objects)) take(item, objects, chosen);
    const own = new Set(chosen);
    const documents = chosen.flatMap((item) => item.files.flatMap((file) => file.documents));
    const names = new Set(chosen.flatMap((item) => item.files.map((file) => file.file)));
    for (const item of byAffinity(seed, placed)) {
      const whole = fits(item, objects);
      if (otherEnvironment(seed, item) || (!whole && collisions(item, objects) * 2 > item.objects.size)) continue;
      for (const { file, documents: inside } of item.files) {
        const kept = whole ? inside : inside.filter((document) => !objects.has(objectId(document)));
        if (kept.length > 0) names.add(file);
        documents.push(...kept);
      }
      for (const [id, content] of item.objects) if (!objects.has(id)) objects.set(id, content);
    }
    units.push(unitOf(chosen, documents, names, contested));
    placed.push(...chosen);
    open = open.filter((item) => !own.has(item));
  }
  return { units, left: open.flatMap((item) => item.files.map((file) => file.file)) };
}

function unitOf(
  chosen: readonly Item[],
  documents: readonly ImportedDocument[],
  names: ReadonlySet<string>,
  contested: ReadonlySet<string>,
): PlainUnit {
  const differing = chosen.filter((item) => [...item.objects.keys()].some((id) => contested.has(id)));
  // Stages that are alike, or where one only lacks something, are told apart by their names.
  const apart = differing.length > 0 ? differing : chosen.filter(({ stages }) => stages.length > 0);
  const own = (apart.length > 0 ? apart : chosen).flatMap((item) => item.files.map((file) => file.file));
  const root = own.length === 1 ? folderOf(own[0]!) : commonFolder(own);
  const name =
    apart.length === 0 || apart.length > 3 ? root || (apart[0]?.path ?? '') : apart.map((item) => item.path).join(', ');
  const seen = new Set<string>();
  const once = documents.filter((document) => {
    // The same object in two files with the same content is one.
    const id = objectId(document);
    if (document.resource.metadata.name === '' || !seen.has(id)) {
      seen.add(id);
      return true;
    }
    return false;
  });
  return { name: name === '' ? '.' : name, root, documents: once, files: [...names] };
}

function fits(item: Item, objects: ReadonlyMap<string, number>): boolean {
  for (const [id, content] of item.objects) {
    const present = objects.get(id);
    if (present !== undefined && present !== content) return false;
  }
  return true;
}

function collisions(item: Item, objects: ReadonlyMap<string, number>): number {
  let count = 0;
  for (const [id, content] of item.objects) if ((objects.get(id) ?? content) !== content) count++;
  return count;
}

/** What stages of a system are called in names of folders and files. */
const ENVIRONMENTS: ReadonlyMap<string, string> = new Map([
  ...['prod', 'production', 'prd', 'live'].map((word) => [word, 'production'] as const),
  ...['staging', 'stage', 'stg'].map((word) => [word, 'staging'] as const),
  ...['dev', 'development', 'local'].map((word) => [word, 'development'] as const),
  ...['test', 'testing', 'qa', 'uat', 'preprod', 'sandbox', 'preview'].map((word) => [word, word] as const),
]);

function environmentsOf(path: string): readonly string[] {
  return path
    .toLowerCase()
    .split(/[/._-]/)
    .flatMap((word) => ENVIRONMENTS.get(word) ?? []);
}

/** Two stages are never mixed, also where their objects do not collide. */
function otherEnvironment(a: Item, b: Item): boolean {
  return a.stages.length > 0 && b.stages.length > 0 && !a.stages.some((each) => b.stages.includes(each));
}

function take(item: Item, objects: Map<string, number>, chosen: Item[]): void {
  for (const [id, content] of item.objects) objects.set(id, content);
  chosen.push(item);
}

/** Those first whose paths share most words with the seed's. */
function byAffinity(seed: Item, items: readonly Item[]): readonly Item[] {
  const words = new Set(seed.path.split(/[/._-]/));
  const shared = new Map(items.map((item) => [item, item.path.split(/[/._-]/).filter((word) => words.has(word)).length]));
  return items.toSorted((a, b) => shared.get(b)! - shared.get(a)!);
}

/** Numbers for contents: two objects are the same when their canonical JSON is. */
class Contents {
  readonly #first = new Map<string, ImportedDocument>();
  readonly #numbers = new Map<string, Map<string, number>>();
  readonly #known = new WeakMap<ImportedDocument, number>();

  /** Objects that have more than one content. */
  contested(): ReadonlySet<string> {
    return new Set([...this.#numbers].filter(([, texts]) => texts.size > 1).map(([id]) => id));
  }

  /** 0 for the first content of an object; contents are only written out once a second one turns up. */
  of(id: string, document: ImportedDocument): number {
    const known = this.#known.get(document);
    if (known !== undefined) return known;
    const first = this.#first.get(id);
    let number = 0;
    if (!first) this.#first.set(id, document);
    else {
      let texts = this.#numbers.get(id);
      if (!texts) this.#numbers.set(id, (texts = new Map([[canonicalJson(first.resource), 0]])));
      const text = canonicalJson(document.resource);
      number = texts.get(text) ?? texts.size;
      texts.set(text, number);
    }
    this.#known.set(document, number);
    return number;
  }
}

interface Folder {
  readonly path: string;
  readonly folders: Map<string, Folder>;
  readonly files: PlainFile[];
}

function treeOf(files: readonly PlainFile[]): Folder {
  const root: Folder = { path: '', folders: new Map(), files: [] };
  for (const file of files) {
    let at = root;
    const folder = folderOf(file.file);
    if (folder !== '') {
      for (const part of folder.split('/')) {
        let next = at.folders.get(part);
        if (!next)
          at.folders.set(part, (next = { path: at === root ? part : `${at.path}/${part}`, folders: new Map(), files: [] }));
        at = next;
      }
    }
    at.files.push(file);
  }
  return root;
}

/** One item when nothing in the folder collides; else those of its folders, and its own files. */
function itemsOf(folder: Folder, contents: Contents): readonly Item[] {
  const below = [...folder.folders.values()].flatMap((each) => itemsOf(each, contents));
  const own = folder.files.map((file) => itemOf(file.file, [file], contents));
  const whole = joined(folder.path, [...own, ...below]);
  if (whole) return [whole];
  const files = joined(folder.path, own);
  return files && own.length > 0 ? [files, ...below] : [...own, ...below];
}

function itemOf(path: string, files: readonly PlainFile[], contents: Contents): Item {
  const objects = new Map<string, number>();
  for (const { documents } of files) {
    for (const document of documents) {
      const id = objectId(document);
      if (document.resource.metadata.name !== '' && !objects.has(id)) objects.set(id, contents.of(id, document));
    }
  }
  return { path, files, stages: environmentsOf(path), objects };
}

function joined(path: string, items: readonly Item[]): Item | undefined {
  const objects = new Map<string, number>();
  const homes = new Map<string, Item>();
  for (const item of items) {
    if (!fits(item, objects)) return undefined;
    for (const [id, content] of item.objects) {
      const home = homes.get(id);
      // The same object in two stages is theirs, also where they have it alike.
      if (home && otherEnvironment(home, item)) return undefined;
      if (!home || home.stages.length === 0) homes.set(id, item);
      objects.set(id, content);
    }
  }
  return { path, files: items.flatMap((item) => item.files), stages: environmentsOf(path), objects };
}
