// Archives and images made for tests: tar by hand, so that the reader is not judged by its own twin.
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

export interface TarItem {
  readonly path: string;
  readonly text?: string | Uint8Array;
  readonly type?: 'file' | 'symlink' | 'hardlink' | 'folder';
  readonly target?: string;
  readonly mode?: number;
  /** How a long name is written. */
  readonly long?: 'pax' | 'gnu' | 'prefix';
}

function header(name: string, size: number, flag: string, mode: number, target: string, prefix = ''): Buffer {
  const block = Buffer.alloc(512);
  block.write(name.slice(0, 100), 0);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(target.slice(0, 100), 157);
  block.write('ustar\0', 257);
  block.write('00', 263);
  block.write(prefix, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

/** A tar archive of these entries, in order. */
export function tarOf(items: readonly TarItem[]): Buffer {
  const parts: Buffer[] = [];
  for (const { path, text = '', type = 'file', target = '', mode = type === 'folder' ? 0o755 : 0o644, long } of items) {
    const bytes = Buffer.from(text);
    const flag = { file: '0', hardlink: '1', symlink: '2', folder: '5' }[type];
    if (long === 'pax') {
      const records = Buffer.from(paxRecord('path', path) + (target === '' ? '' : paxRecord('linkpath', target)));
      parts.push(header('pax', records.length, 'x', 0o644, ''), padded(records));
    } else if (long === 'gnu') {
      const name = Buffer.from(`${path}\0`);
      parts.push(header('././@LongLink', name.length, 'L', 0o644, ''), padded(name));
    }
    const cut = long === 'prefix' ? path.lastIndexOf('/') : -1;
    parts.push(
      header(path.slice(cut + 1), type === 'file' ? bytes.length : 0, flag, mode, target, cut === -1 ? '' : path.slice(0, cut)),
    );
    if (type === 'file') parts.push(padded(bytes));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface FakeImage {
  /** By digest. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  readonly manifestDigest: string;
  readonly configDigest: string;
  /** Unpacked. */
  readonly layers: readonly Buffer[];
  readonly config: Buffer;
}

/** An image of these layers, lowest first; every second one packed otherwise. */
export function imageOf(
  layers: readonly (readonly TarItem[])[],
  config: Record<string, unknown> = {},
  history: readonly string[] = [],
): FakeImage {
  const blobs = new Map<string, Uint8Array>();
  const put = (bytes: Uint8Array): { digest: string; size: number } => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const tars = layers.map(tarOf);
  const packed = tars.map((tar, i) => [gzipSync(tar), zstdCompressSync(tar), tar][i % 3]!);
  const configBytes = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      config,
      rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
      history: history.map((step) => ({ created_by: step })),
    }),
  );
  const configPart = put(configBytes);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configPart },
      layers: packed.map((bytes) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...put(bytes) })),
    }),
  );
  return { blobs, manifestDigest: put(manifest).digest, configDigest: configPart.digest, layers: tars, config: configBytes };
}

/** The files of an OCI layout of it, for a folder or an archive. */
export function layoutOf(image: FakeImage): TarItem[] {
  const manifest = image.blobs.get(image.manifestDigest)!;
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: image.manifestDigest,
        size: manifest.length,
        platform: { os: 'linux', architecture: 'amd64' },
      },
    ],
  };
  return [
    { path: 'oci-layout', text: '{"imageLayoutVersion":"1.0.0"}' },
    { path: 'index.json', text: JSON.stringify(index) },
    ...[...image.blobs].map(([digest, bytes]) => ({ path: `blobs/${digest.replace(':', '/')}`, text: bytes })),
  ];
}

/** What `docker save` wrote before it wrote layouts. */
export function dockerArchiveOf(image: FakeImage, tag: string): TarItem[] {
  const config = `${image.configDigest.slice(7)}.json`;
  const layers = image.layers.map((_, i) => `layer${i}/layer.tar`);
  return [
    { path: config, text: image.config },
    ...image.layers.map((layer, i) => ({ path: `real${i}/layer.tar`, text: layer })),
    ...layers.map((path, i) => ({ path, type: 'symlink' as const, target: `../real${i}/layer.tar` })),
    { path: 'manifest.json', text: JSON.stringify([{ Config: config, RepoTags: [tag], Layers: layers }]) },
  ];
}
