// The files of an image: layers from the highest to the lowest, so that the first entry of a path is the one that runs (OCI image-spec, layer.md).
import { CullisError } from '#base/errors.ts';
import type { Image, ImageFile } from '#model/image.ts';
import { TarReader } from './tar.ts';
import type { TarEntry, TarHeader } from './tar.ts';

export interface FilesOptions {
  /** Whether the content of a regular file is needed; all of them when absent. */
  readonly wants?: (header: Pick<ImageFile, 'path' | 'size' | 'mode'>) => boolean;
  /** Content of larger files is not read. */
  readonly fileBytesMax?: number;
  /** Entries of all layers together. */
  readonly entriesMax?: number;
  /** Whether to hand out what higher layers replace or delete too. */
  readonly hidden?: boolean;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const FILE_BYTES_MAX = 256 * 1024 * 1024;
const ENTRIES_MAX = 1_000_000;

/**
 * Every file of an image, one after the other; only one layer's data is in memory at a time, and of it one file.
 * @throws CullisError `image.invalid` for damaged layers
 */
export async function* filesOf(image: Image, options: FilesOptions = {}): AsyncGenerator<ImageFile> {
  const upper = new Upper();
  const entriesMax = options.entriesMax ?? ENTRIES_MAX;
  let entries = 0;
  for (let index = image.layers.length - 1; index >= 0; index--) {
    const layer = new Upper();
    const links: TarEntry[] = [];
    for await (const entry of layerEntries(image, index, options)) {
      if (++entries > entriesMax)
        throw new CullisError('image.invalid', `\`${image.reference}\` has more than ${entriesMax} entries`);
      const slash = entry.path.lastIndexOf('/');
      const base = entry.path.slice(slash + 1);
      if (base.startsWith(WHITEOUT)) {
        const folder = entry.path.slice(0, Math.max(0, slash));
        if (base === OPAQUE) layer.opaque(folder);
        else if (!base.startsWith(`${WHITEOUT}${WHITEOUT}`))
          layer.whiteout(folder === '' ? base.slice(4) : `${folder}/${base.slice(4)}`);
        continue;
      }
      layer.cover(entry.path, entry.type === 'folder');
      if (entry.type === 'hardlink') links.push(entry);
      else {
        const hidden = upper.hides(entry.path);
        if (!hidden || options.hidden !== false) yield fileOf(entry, index, hidden, entry.bytes);
      }
    }
    for await (const file of hardLinks(image, index, links, options)) {
      const hidden = upper.hides(file.path);
      if (!hidden || options.hidden !== false) yield { ...file, hidden };
    }
    upper.add(layer);
  }
}

async function* layerEntries(image: Image, index: number, options: FilesOptions): AsyncGenerator<TarEntry> {
  const reader = new TarReader({
    fileBytesMax: options.fileBytesMax ?? FILE_BYTES_MAX,
    ...(options.wants && { wants: (header: TarHeader) => options.wants!(header) }),
  });
  for await (const chunk of image.layers[index]!.open()) yield* reader.push(chunk);
  reader.end();
}

/** A hard link is another name of a file of its layer; the layer is read once more for those whose content is needed. */
async function* hardLinks(
  image: Image,
  index: number,
  links: readonly TarEntry[],
  options: FilesOptions,
): AsyncGenerator<ImageFile> {
  const wanted = new Map<string, TarEntry[]>();
  for (const link of links) {
    const target = link.target.replace(/^(?:\.?\/)+/, '');
    // How large it is, its target knows; it is asked for as if it were small.
    if (options.wants && !options.wants({ path: link.path, size: 0, mode: link.mode }))
      yield fileOf(link, index, false, undefined);
    else wanted.set(target, [...(wanted.get(target) ?? []), link]);
  }
  if (wanted.size === 0) return;
  const wants = (header: Pick<ImageFile, 'path' | 'size' | 'mode'>): boolean =>
    wanted.get(header.path)?.some(({ path }) => options.wants?.({ ...header, path }) ?? true) ?? false;
  for await (const entry of layerEntries(image, index, { ...options, wants })) {
    const names = entry.type === 'file' ? wanted.get(entry.path) : undefined;
    if (!names) continue;
    wanted.delete(entry.path);
    for (const link of names) yield fileOf({ ...link, size: entry.size, mode: entry.mode }, index, false, entry.bytes);
  }
  // Their files lie in a layer below.
  for (const rest of wanted.values()) for (const link of rest) yield fileOf(link, index, false, undefined);
}

function fileOf(entry: TarEntry, layer: number, hidden: boolean, bytes: Uint8Array | undefined): ImageFile {
  const { path, type, target, mode, uid, gid, size } = entry;
  return { path, type, target, mode, uid, gid, size, bytes, layer, hidden };
}

/** What layers above say about paths below them. */
class Upper {
  /** True for folders, which do not hide what lies in them. */
  readonly #covered = new Map<string, boolean>();
  readonly #whiteouts = new Set<string>();
  readonly #opaque = new Set<string>();

  cover(path: string, folder: boolean): void {
    this.#covered.set(path, folder);
  }

  whiteout(path: string): void {
    this.#whiteouts.add(path);
  }

  opaque(folder: string): void {
    this.#opaque.add(folder);
  }

  add(other: Upper): void {
    for (const [path, folder] of other.#covered) this.#covered.set(path, folder);
    for (const path of other.#whiteouts) this.#whiteouts.add(path);
    for (const path of other.#opaque) this.#opaque.add(path);
  }

  hides(path: string): boolean {
    if (this.#covered.has(path) || this.#whiteouts.has(path) || this.#opaque.has('')) return true;
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (this.#whiteouts.has(folder) || this.#opaque.has(folder) || this.#covered.get(folder) === false) return true;
    }
    return false;
  }
}
