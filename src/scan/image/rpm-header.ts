// One package of an rpm database: its header (rpm's "Package File Format", Header Structure; the database keeps it without the magic).
import { ByteView } from './bytes.ts';
import { mayHoldPackage } from './distro-packages.ts';
import type { SystemPackage } from './distro-packages.ts';

const TAGS = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  licence: 1014,
  arch: 1022,
  source: 1044,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
} as const;
const [INT32, STRING, STRINGS, I18N] = [4, 6, 8, 9];
const ENTRIES_MAX = 10_000;
const FILES_MAX = 200_000;

/** Reads a header. @returns undefined for what is no package (imported keys are kept as packages too) or is damaged */
export function readRpmHeader(
  blob: Uint8Array,
): { readonly package: SystemPackage; readonly owned: readonly string[] } | undefined {
  const view = new ByteView(blob, false);
  const count = view.u32(0);
  const storeSize = view.u32(4);
  const store = 8 + count * 16;
  if (count === 0 || count > ENTRIES_MAX || store + storeSize > blob.length) return undefined;
  const entries = new Map<number, { readonly type: number; readonly at: number; readonly count: number }>();
  for (let i = 0; i < count; i++) {
    const at = 8 + i * 16;
    entries.set(view.u32(at), { type: view.u32(at + 4), at: store + view.u32(at + 8), count: view.u32(at + 12) });
  }
  const text = (tag: number): string => {
    const entry = entries.get(tag);
    return entry && (entry.type === STRING || entry.type === I18N || entry.type === STRINGS) ? view.text(entry.at) : '';
  };
  const texts = (tag: number): string[] => {
    const entry = entries.get(tag);
    const found: string[] = [];
    if (!entry || entry.type !== STRINGS) return found;
    for (let i = 0, at = entry.at; i < Math.min(entry.count, FILES_MAX) && at < blob.length; i++) {
      const end = blob.indexOf(0, at);
      if (end === -1) break;
      found.push(new TextDecoder().decode(blob.subarray(at, end)));
      at = end + 1;
    }
    return found;
  };
  const name = text(TAGS.name);
  if (name === '' || name === 'gpg-pubkey') return undefined;
  const epochEntry = entries.get(TAGS.epoch);
  const epoch = epochEntry?.type === INT32 ? view.u32(epochEntry.at) : 0;
  const release = `${text(TAGS.version)}-${text(TAGS.release)}`;
  const version = epoch > 0 ? `${epoch}:${release}` : release;
  // `openssl-3.0.7-24.el9.src.rpm`
  const source = /^(.+)-[^-]+-[^-]+\.(?:no)?src\.rpm$/.exec(text(TAGS.source))?.[1];
  const licence = text(TAGS.licence);
  const folders = texts(TAGS.dirNames);
  const indexes = entries.get(TAGS.dirIndexes);
  const owned = texts(TAGS.baseNames).flatMap((base, i) => {
    const path = `${folders[indexes ? view.u32(indexes.at + i * 4) : 0] ?? ''}${base}`.replace(/^\/+/, '');
    return mayHoldPackage(path) ? [path] : [];
  });
  return {
    package: {
      type: 'rpm',
      name,
      version,
      arch: text(TAGS.arch),
      ...(source !== undefined && source !== name && { source: { name: source, version } }),
      ...(licence !== '' && { licence }),
      ...(epoch > 0 && { epoch: String(epoch) }),
    },
    owned,
  };
}
