// ELF files, as far as the dynamic loader and a scanner need them (System V gABI chapters 4 and 5).
import { ByteView } from './bytes.ts';

export interface Elf {
  readonly bits: 32 | 64;
  /** `EM_…` number: 62 is x86-64, 183 AArch64. */
  readonly machine: number;
  /** Path of the dynamic loader; '' for libraries and static programs. */
  readonly interpreter: string;
  readonly needed: readonly string[];
  /** DT_RPATH and DT_RUNPATH as written, split at colons. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  readonly soname: string;
  /** Bytes of a section; undefined when there is none. */
  section(name: string): Uint8Array | undefined;
  /** File offset of an address in memory; undefined when no segment holds it. */
  offsetOf(address: number): number | undefined;
  readonly view: ByteView;
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const COUNT_MAX = 4096;
const NEEDED_MAX = 1000;
const [PT_LOAD, PT_DYNAMIC, PT_INTERP] = [1, 2, 3];
const [DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH] = [1, 5, 14, 15, 29];

export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 52 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Reads a file. @returns undefined when it is no ELF file; damaged parts read as absent */
export function readElf(bytes: Uint8Array): Elf | undefined {
  if (!isElf(bytes) || (bytes[4] !== 1 && bytes[4] !== 2)) return undefined;
  const wide = bytes[4] === 2;
  const view = new ByteView(bytes, bytes[5] !== 2);
  const word = (at: number): number => (wide ? view.u64(at) : view.u32(at));
  const segments = readSegments(view, wide, word);
  const offsetOf = (address: number): number | undefined => {
    const segment = segments.find(
      (each) => each.type === PT_LOAD && address >= each.address && address < each.address + each.size,
    );
    return segment && segment.offset + address - segment.address;
  };
  const interpreter = segments.find((each) => each.type === PT_INTERP);
  const dynamic = readDynamic(view, wide, word, segments, offsetOf);
  return {
    bits: wide ? 64 : 32,
    machine: view.u16(18),
    interpreter: interpreter ? view.text(interpreter.offset, Math.min(interpreter.size, 4096)) : '',
    ...dynamic,
    section: (name) => findSection(view, wide, word, name),
    offsetOf,
    view,
  };
}

function readSegments(view: ByteView, wide: boolean, word: (at: number) => number): Segment[] {
  const start = word(wide ? 32 : 28);
  const size = view.u16(wide ? 54 : 42);
  const count = size === 0 ? 0 : Math.min(view.u16(wide ? 56 : 44), COUNT_MAX);
  const segments: Segment[] = [];
  for (let i = 0; i < count; i++) {
    const at = start + i * size;
    segments.push({
      type: view.u32(at),
      offset: word(at + (wide ? 8 : 4)),
      address: word(at + (wide ? 16 : 8)),
      size: word(at + (wide ? 32 : 16)),
    });
  }
  return segments;
}

function readDynamic(
  view: ByteView,
  wide: boolean,
  word: (at: number) => number,
  segments: readonly Segment[],
  offsetOf: (address: number) => number | undefined,
): Pick<Elf, 'needed' | 'rpath' | 'runpath' | 'soname'> {
  const dynamic = segments.find((each) => each.type === PT_DYNAMIC);
  const step = wide ? 16 : 8;
  const entries: (readonly [tag: number, value: number])[] = [];
  if (dynamic) {
    const end = Math.min(dynamic.offset + dynamic.size, view.bytes.length, dynamic.offset + COUNT_MAX * step);
    for (let at = dynamic.offset; at + step <= end; at += step) {
      const tag = word(at);
      if (tag === 0) break;
      entries.push([tag, word(at + step / 2)]);
    }
  }
  const table = entries.find(([tag]) => tag === DT_STRTAB);
  const strings = table && offsetOf(table[1]);
  const texts = (wanted: number): string[] =>
    strings === undefined
      ? []
      : entries
          .filter(([tag]) => tag === wanted)
          .slice(0, NEEDED_MAX)
          .map(([, value]) => view.text(strings + value))
          .filter((text) => text !== '');
  const paths = (wanted: number): string[] =>
    texts(wanted)
      .flatMap((text) => text.split(':'))
      .filter((path) => path !== '');
  return { needed: texts(DT_NEEDED), rpath: paths(DT_RPATH), runpath: paths(DT_RUNPATH), soname: texts(DT_SONAME)[0] ?? '' };
}

function findSection(view: ByteView, wide: boolean, word: (at: number) => number, name: string): Uint8Array | undefined {
  const start = word(wide ? 40 : 32);
  const size = view.u16(wide ? 58 : 46);
  const count = Math.min(view.u16(wide ? 60 : 48), COUNT_MAX);
  const field = (index: number, at: number): number => start + index * size + at;
  const names = word(field(view.u16(wide ? 62 : 50), wide ? 24 : 16));
  if (start === 0 || size === 0) return undefined;
  for (let i = 0; i < count; i++) {
    if (view.text(names + view.u32(field(i, 0)), 64) !== name) continue;
    const offset = word(field(i, wide ? 24 : 16));
    const length = word(field(i, wide ? 32 : 20));
    return offset + length <= view.bytes.length ? view.bytes.subarray(offset, offset + length) : undefined;
  }
  return undefined;
}
