// What cargo-auditable writes into programs: the crates of the build, compressed JSON in a section of its own.
import { inflateSync } from 'node:zlib';
import { isRecord, listOf, textOf } from '../vulnerabilities/lockfile.ts';
import type { Elf } from './elf.ts';

const BYTES_MAX = 16 * 1024 * 1024;

/** Crates from a registry that are part of the program. @returns undefined when it says nothing */
export function readRustAudit(elf: Elf): { readonly name: string; readonly version: string }[] | undefined {
  const section = elf.section('.dep-v0');
  if (!section) return undefined;
  try {
    const raw: unknown = JSON.parse(new TextDecoder().decode(inflateSync(section, { maxOutputLength: BYTES_MAX })));
    if (!isRecord(raw)) return undefined;
    return listOf(raw['packages']).flatMap((each) =>
      isRecord(each) && each['source'] === 'crates.io' && each['kind'] !== 'build'
        ? [{ name: textOf(each['name']), version: textOf(each['version']) }]
        : [],
    );
  } catch {
    return undefined;
  }
}
