// What the Go linker writes into programs: the toolchain's version and the modules of the build (`go version -m`; debug/buildinfo).
import { ByteView } from './bytes.ts';
import type { Elf } from './elf.ts';

export interface GoBuild {
  /** `1.21.3` */
  readonly go: string;
  readonly modules: readonly { readonly path: string; readonly version: string; readonly main: boolean }[];
}

const MAGIC = Uint8Array.from([0xff, ...new TextEncoder().encode(' Go buildinf:')]);
const TEXT_MAX = 16 * 1024 * 1024;
const SEARCH_MAX = 64 * 1024 * 1024;

/** Reads a program's build information. @returns undefined when it was not built by Go, or says nothing */
export function readGoBuild(elf: Elf): GoBuild | undefined {
  const { bytes } = elf.view;
  const section = elf.section('.go.buildinfo');
  let at = section ? section.byteOffset - bytes.byteOffset : -1;
  // Programs without section headers keep it at an aligned place of their data.
  if (at === -1) {
    at = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SEARCH_MAX)).indexOf(MAGIC);
    if (at % 16 !== 0) return undefined;
  }
  if (at < 0 || MAGIC.some((byte, i) => bytes[at + i] !== byte)) return undefined;
  const [version, modules] = (elf.view.u8(at + 15) & 2) !== 0 ? inline(bytes, at + 32) : pointers(elf, at);
  const go = /^go(\d+\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)/.exec(version)?.[1];
  return go === undefined ? undefined : { go, modules: readModules(modules) };
}

/** Since Go 1.18: two texts with their lengths before them. */
function inline(bytes: Uint8Array, start: number): readonly [string, string] {
  const texts: string[] = [];
  let at = start;
  for (let i = 0; i < 2; i++) {
    let [length, shift] = [0, 1];
    for (let n = 0; n < 5; n++) {
      const byte = bytes[at++] ?? 0;
      length += (byte & 0x7f) * shift;
      shift *= 128;
      if (byte < 0x80) break;
    }
    texts.push(length > TEXT_MAX || at + length > bytes.length ? '' : new TextDecoder().decode(bytes.subarray(at, at + length)));
    at += length;
  }
  return [texts[0]!, texts[1]!];
}

/** Before: pointers to Go strings, which are a pointer and a length. */
function pointers(elf: Elf, at: number): readonly [string, string] {
  const { bytes } = elf.view;
  const size = elf.view.u8(at + 14);
  const view = new ByteView(bytes, elf.view.u8(at + 15) === 0);
  const word = (offset: number): number => (size === 8 ? view.u64(offset) : view.u32(offset));
  const text = (pointer: number): string => {
    const header = elf.offsetOf(pointer);
    if (header === undefined) return '';
    const start = elf.offsetOf(word(header));
    const length = word(header + size);
    if (start === undefined || length > TEXT_MAX || start + length > bytes.length) return '';
    return new TextDecoder().decode(bytes.subarray(start, start + length));
  };
  return [text(word(at + 16)), text(word(at + 16 + size))];
}

/** Lines `dep\tpath\tversion\tsum`, each perhaps followed by what replaced it: `=>\tpath\tversion\tsum`. A marker of 16 bytes stands before and after. */
function readModules(text: string): GoBuild['modules'] {
  const modules: { path: string; version: string; main: boolean }[] = [];
  for (const line of text.split('\n')) {
    const [verb = '', path = '', version = ''] = line.split('\t');
    const last = modules.at(-1);
    if (verb === '=>' && last) [last.path, last.version] = [path, version];
    else if (verb === 'dep' || verb.endsWith('mod')) modules.push({ path, version, main: verb !== 'dep' });
    if (modules.length > 20_000) break;
  }
  return modules;
}
