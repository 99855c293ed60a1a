// Small ELF files for tests: one loaded segment over the whole file, a dynamic table, sections on request.

export interface FakeElf {
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  readonly soname?: string;
  readonly bits?: 32 | 64;
  readonly bigEndian?: boolean;
  readonly machine?: number;
  readonly sections?: Readonly<Record<string, Uint8Array>>;
}

/** The bytes of one. Addresses are file offsets plus 0x10000. */
export function elfOf(elf: FakeElf): Buffer {
  const wide = (elf.bits ?? 64) === 64;
  const big = elf.bigEndian ?? false;
  const BASE = 0x10000;
  const sections = Object.entries(elf.sections ?? {});
  const file = Buffer.alloc(16_384 + sections.reduce((sum, [, bytes]) => sum + bytes.length + 64, 0));
  const u16 = (value: number, at: number): number => (big ? file.writeUInt16BE(value, at) : file.writeUInt16LE(value, at));
  const u32 = (value: number, at: number): number => (big ? file.writeUInt32BE(value, at) : file.writeUInt32LE(value, at));
  const word = (value: number, at: number): number =>
    wide ? (big ? file.writeBigUInt64BE(BigInt(value), at) : file.writeBigUInt64LE(BigInt(value), at)) : u32(value, at);
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, big ? 2 : 1, 1]);
  u16(3, 16);
  u16(elf.machine ?? 62, 18);
  let free = 4096;
  const put = (bytes: Uint8Array): number => {
    const at = free;
    file.set(bytes, at);
    free += bytes.length;
    return at;
  };
  const text = (value: string): number => put(Buffer.from(`${value}\0`));
  const strings = free;
  put(Buffer.from([0]));
  const entries: [number, number][] = (elf.needed ?? []).map((name) => [1, text(name) - strings]);
  if (elf.soname !== undefined) entries.push([14, text(elf.soname) - strings]);
  if (elf.rpath !== undefined) entries.push([15, text(elf.rpath) - strings]);
  if (elf.runpath !== undefined) entries.push([29, text(elf.runpath) - strings]);
  entries.push([5, strings + BASE], [0, 0]);
  const interpreter = elf.interpreter === undefined ? 0 : text(elf.interpreter);
  free = Math.ceil(free / 16) * 16;
  const dynamic = free;
  const half = wide ? 8 : 4;
  for (const [tag, value] of entries) {
    word(tag, free);
    word(value, free + half);
    free += 2 * half;
  }
  const segments: [type: number, offset: number, address: number, size: number][] = [
    [1, 0, BASE, file.length],
    [2, dynamic, dynamic + BASE, free - dynamic],
    ...(interpreter === 0
      ? []
      : [[3, interpreter, interpreter + BASE, elf.interpreter!.length + 1] as [number, number, number, number]]),
  ];
  const [headers, size] = [wide ? 64 : 52, wide ? 56 : 32];
  word(headers, wide ? 32 : 28);
  u16(size, wide ? 54 : 42);
  u16(segments.length, wide ? 56 : 44);
  for (const [i, [type, offset, address, length]] of segments.entries()) {
    const at = headers + i * size;
    u32(type, at);
    word(offset, at + (wide ? 8 : 4));
    word(address, at + (wide ? 16 : 8));
    word(length, at + (wide ? 32 : 16));
  }
  writeSections(sections, put, word, u16, u32, wide);
  return file;
  function writeSections(
    list: typeof sections,
    add: typeof put,
    w: typeof word,
    h: typeof u16,
    q: typeof u32,
    is64: boolean,
  ): void {
    if (list.length === 0) return;
    const names = add(Buffer.from(`\0${list.map(([name]) => name).join('\0')}\0.shstrtab\0`));
    const table: [name: number, offset: number, length: number][] = [[0, 0, 0]];
    let nameAt = 1;
    for (const [name, bytes] of list) {
      free = Math.ceil(free / 16) * 16;
      table.push([nameAt, add(bytes), bytes.length]);
      nameAt += name.length + 1;
    }
    table.push([nameAt, names, nameAt + 10]);
    free = Math.ceil(free / 16) * 16;
    const [start, step] = [free, is64 ? 64 : 40];
    w(start, is64 ? 40 : 32);
    h(step, is64 ? 58 : 46);
    h(table.length, is64 ? 60 : 48);
    h(table.length - 1, is64 ? 62 : 50);
    for (const [i, [name, offset, length]] of table.entries()) {
      q(name, start + i * step);
      w(offset, start + i * step + (is64 ? 24 : 16));
      w(length, start + i * step + (is64 ? 32 : 20));
    }
  }
}
