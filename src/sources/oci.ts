// Images on disk: OCI layouts as folders or archives (image-spec, image-layout.md), and what `docker save` writes.
import { closeSync, createReadStream, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import type { Image, ImageConfig, ImageLayer } from '#model/image.ts';
import { cleanPath, TarReader } from './tar.ts';
import { hasher, unpack } from './unpack.ts';

export interface ImageOptions {
  /** `os/architecture[/variant]`; linux/amd64 when absent. */
  readonly platform?: string;
  /** Bytes that one layer may unfold to. */
  readonly layerBytesMax?: number;
}

/** Named pieces of an image: files of a folder, or parts of an archive. */
interface Pieces {
  has(name: string): boolean;
  size(name: string): number;
  stream(name: string): AsyncIterable<Uint8Array>;
  /** @throws CullisError `image.invalid` when it is missing or larger than metadata is */
  read(name: string): Uint8Array;
}

export const DEFAULT_PLATFORM = 'linux/amd64';
const META_BYTES_MAX = 16 * 1024 * 1024;
const LAYER_BYTES_MAX = 16 * 1024 * 1024 * 1024;
const LAYERS_MAX = 1000;
const CHUNK = 1024 * 1024;

type Raw = Readonly<Record<string, unknown>>;

function invalid(message: string): CullisError {
  return new CullisError('image.invalid', message);
}

/**
 * Opens an image that lies on disk. Nothing is unpacked yet.
 * @param path folder or archive
 * @throws CullisError `image.invalid`, `config.unreadable`
 */
export function openImage(path: string, options: ImageOptions = {}): Image {
  let pieces: Pieces;
  try {
    pieces = statSync(path).isDirectory() ? folderPieces(path) : archivePieces(path);
  } catch (error) {
    if (error instanceof CullisError) throw error;
    throw new CullisError('config.unreadable', `\`${path}\` cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (pieces.has('index.json')) return openLayout(path, pieces, options);
  if (pieces.has('manifest.json')) return openDockerArchive(path, pieces, options);
  throw invalid(
    `\`${path}\` is neither an OCI layout (it has no \`index.json\`) nor a \`docker save\` archive (no \`manifest.json\`)`,
  );
}

/** Whether a path is an image: an OCI layout's folder, or an archive that holds one. */
export function isImagePath(path: string): boolean {
  try {
    if (statSync(path).isDirectory()) return existsSync(join(path, 'oci-layout')) && existsSync(join(path, 'index.json'));
    if (!/\.(?:tar|oci|docker)$/.test(path)) return false;
    const pieces = archivePieces(path);
    return (pieces.has('oci-layout') && pieces.has('index.json')) || pieces.has('manifest.json');
  } catch {
    return false;
  }
}

function folderPieces(folder: string): Pieces {
  const file = (name: string): string => join(folder, cleanPath(name));
  return {
    has: (name) => existsSync(file(name)),
    size: (name) => statSync(file(name)).size,
    stream: (name) => createReadStream(file(name), { highWaterMark: CHUNK }) as AsyncIterable<Uint8Array>,
    read: (name) => readPart(file(name), name, 0, undefined),
  };
}

function archivePieces(path: string): Pieces {
  const parts = new Map<string, { readonly offset: number; readonly size: number }>();
  const links = new Map<string, string>();
  const reader = new TarReader({ wants: () => false, entriesMax: 200_000 });
  const file = openSync(path, 'r');
  try {
    const chunk = new Uint8Array(CHUNK);
    for (let first = true; ; first = false) {
      const length = readSync(file, chunk);
      if (length === 0) break;
      if (first && chunk[0] === 0x1f && chunk[1] === 0x8b)
        throw invalid(`\`${path}\` is compressed as a whole: unpack it with \`gunzip\` first`);
      for (const { path: name, type, target, offset, size } of reader.push(chunk.subarray(0, length))) {
        if (type === 'file') parts.set(name, { offset, size });
        else if (type === 'symlink' || type === 'hardlink') {
          const folder = name.slice(0, name.lastIndexOf('/') + 1);
          links.set(name, cleanPath(type === 'symlink' ? folder + target : target));
        }
      }
    }
  } finally {
    closeSync(file);
  }
  const find = (name: string): { readonly offset: number; readonly size: number } | undefined => {
    const clean = cleanPath(name);
    return parts.get(clean) ?? parts.get(links.get(clean) ?? '');
  };
  const need = (name: string): { readonly offset: number; readonly size: number } => {
    const part = find(name);
    if (!part) throw invalid(`\`${name}\` is missing in \`${path}\``);
    return part;
  };
  return {
    has: (name) => find(name) !== undefined,
    size: (name) => need(name).size,
    stream: (name) => {
      const { offset, size } = need(name);
      return size === 0
        ? empty()
        : (createReadStream(path, { start: offset, end: offset + size - 1, highWaterMark: CHUNK }) as AsyncIterable<Uint8Array>);
    },
    read: (name) => readPart(path, name, need(name).offset, need(name).size),
  };
}

async function* empty(): AsyncGenerator<Uint8Array> {}

function readPart(path: string, name: string, offset: number, size: number | undefined): Uint8Array {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new CullisError('image.invalid', `\`${name}\` is missing in the image`, { cause: error });
  }
  try {
    const length = size ?? fstatSync(file).size;
    if (length > META_BYTES_MAX) throw invalid(`\`${name}\` is larger than a manifest or configuration can be`);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const read = readSync(file, bytes, filled, length - filled, offset + filled);
      if (read === 0) throw invalid(`\`${name}\` is cut off`);
      filled += read;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}

function parse(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch (error) {
    throw new CullisError('image.invalid', `\`${name}\` is no JSON`, { cause: error });
  }
}

export function rawObject(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return list(value).filter((each) => typeof each === 'string');
}

/** A descriptor (image-spec, descriptor.md). @throws CullisError `image.invalid` without a digest that can be checked */
export function descriptorOf(value: unknown): {
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  readonly platform: Raw;
} {
  const { digest, mediaType, size, platform } = rawObject(value);
  if (!/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(text(digest)))
    throw invalid('the image names a part without a valid digest');
  return {
    digest: text(digest),
    mediaType: text(mediaType),
    size: typeof size === 'number' ? size : 0,
    platform: rawObject(platform),
  };
}

/**
 * Which manifest of an index is meant (image-spec, image-index.md).
 * @throws CullisError `image.unavailable` with the platforms that there are
 */
export function choosePlatform(manifests: readonly unknown[], platform: string): ReturnType<typeof descriptorOf> {
  const found = manifests.slice(0, LAYERS_MAX).map(descriptorOf);
  // Attestations stand beside the images, for a platform that there is not.
  const images = found.filter(({ platform: own }) => own['os'] !== 'unknown');
  const nameOf = (own: Raw): string =>
    [own['os'], own['architecture'], own['variant']]
      .map(text)
      .filter((part) => part !== '')
      .join('/');
  const exact = images.find(({ platform: own }) => nameOf(own) === platform);
  const near = images.find(
    ({ platform: own }) =>
      nameOf(own).startsWith(`${platform}/`) || (own['variant'] === 'v8' && `${platform}/v8` === nameOf(own)),
  );
  // A layout of one platform may leave it out; of several tags the first is taken.
  const only = images.length === 1 || images.every(({ platform: own }) => nameOf(own) === '') ? images[0] : undefined;
  const chosen = exact ?? near ?? only;
  if (!chosen) {
    const names = images.map(({ platform: own }) => `\`${nameOf(own)}\``).join(', ');
    throw new CullisError(
      'image.unavailable',
      `the image is not made for \`${platform}\`; there are ${names === '' ? 'none' : names}`,
    );
  }
  return chosen;
}

function blobName(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** A blob whose bytes are what the digest says. */
function checked(pieces: Pieces, digest: string): Uint8Array {
  const bytes = pieces.read(blobName(digest));
  const hash = hasher(digest);
  hash.update(bytes);
  if (!hash.matches()) throw invalid(`\`${digest}\` does not have the content that its digest names`);
  return bytes;
}

function openLayout(path: string, pieces: Pieces, options: ImageOptions): Image {
  const platform = options.platform ?? DEFAULT_PLATFORM;
  let index = rawObject(parse(pieces.read('index.json'), 'index.json'));
  let digest = '';
  for (let depth = 0; ; depth++) {
    if (depth > 4) throw invalid('indexes are nested too deeply');
    // An archive may list platforms whose manifests it does not hold.
    const held = list(index['manifests']).filter((each) => pieces.has(blobName(descriptorOf(each).digest)));
    const chosen = choosePlatform(held, platform);
    digest = chosen.digest;
    const next = rawObject(parse(checked(pieces, digest), digest));
    if (!Array.isArray(next['manifests'])) {
      index = next;
      break;
    }
    index = next;
  }
  const config = descriptorOf(index['config']);
  const raw = rawObject(parse(checked(pieces, config.digest), config.digest));
  const layers = list(index['layers']).slice(0, LAYERS_MAX).map(descriptorOf);
  return makeImage(
    path,
    digest,
    raw,
    layers.map((layer) => ({
      digest: layer.digest,
      mediaType: layer.mediaType,
      size: layer.size,
      open: () =>
        unpack(pieces.stream(blobName(layer.digest)), {
          digest: layer.digest,
          bytesMax: options.layerBytesMax ?? LAYER_BYTES_MAX,
          name: layer.digest,
        }),
    })),
  );
}

function openDockerArchive(path: string, pieces: Pieces, options: ImageOptions): Image {
  const [first] = list(parse(pieces.read('manifest.json'), 'manifest.json')).map(rawObject);
  if (!first) throw invalid(`\`${path}\` holds no image`);
  const configName = text(first['Config']);
  const config = rawObject(parse(pieces.read(configName), configName));
  const diffIds = texts(rawObject(config['rootfs'])['diff_ids']);
  const names = texts(first['Layers']).slice(0, LAYERS_MAX);
  const reference = texts(first['RepoTags'])[0] ?? path;
  const digest = /([0-9a-f]{64})(?:\.json)?$/.exec(configName)?.[1];
  return makeImage(
    reference,
    digest === undefined ? '' : `sha256:${digest}`,
    config,
    names.map((name, i) => ({
      digest: diffIds[i] ?? name,
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar',
      size: pieces.size(name),
      open: () =>
        unpack(pieces.stream(name), {
          ...(diffIds[i] !== undefined && { unpackedDigest: diffIds[i] }),
          bytesMax: options.layerBytesMax ?? LAYER_BYTES_MAX,
          name,
        }),
    })),
  );
}

function makeImage(reference: string, digest: string, raw: Raw, layers: readonly Omit<ImageLayer, 'createdBy'>[]): Image {
  const config = configOf(raw);
  const steps = config.history.filter(({ emptyLayer }) => !emptyLayer);
  return {
    reference,
    digest,
    config,
    layers: layers.map((layer, i) => ({ ...layer, createdBy: steps.length === layers.length ? steps[i]!.createdBy : '' })),
  };
}

/** The configuration's members that matter here; what is missing is empty. */
function configOf(raw: Raw): ImageConfig {
  const config = rawObject(raw['config']);
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(rawObject(config['Labels']))) if (typeof value === 'string') labels[name] = value;
  const test = texts(rawObject(config['Healthcheck'])['Test']);
  return {
    os: text(raw['os']),
    architecture: text(raw['architecture']),
    created: text(raw['created']),
    user: text(config['User']),
    exposedPorts: Object.keys(rawObject(config['ExposedPorts'])),
    env: texts(config['Env']),
    entrypoint: texts(config['Entrypoint']),
    cmd: texts(config['Cmd']),
    workingDir: text(config['WorkingDir']),
    labels,
    healthcheck: test.length > 0 && test[0] !== 'NONE',
    volumes: Object.keys(rawObject(config['Volumes'])),
    history: list(raw['history'])
      .slice(0, 10 * LAYERS_MAX)
      .map((each) => {
        const { created_by: createdBy, empty_layer: emptyLayer, created } = rawObject(each);
        return { createdBy: text(createdBy), emptyLayer: emptyLayer === true, created: text(created) };
      }),
  };
}
