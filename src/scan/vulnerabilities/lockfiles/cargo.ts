// Cargo.lock.
import { PackageGraph } from '../graph.ts';
import { listOf, named, textOf } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';
import { tomlPackages } from './toml-packages.ts';

export const CARGO_LOCK = {
  name: 'Cargo lockfile',
  ecosystem: 'crates.io',
  matches: named('Cargo.lock'),
  read(file, text): LockfileRead {
    const read = tomlPackages(file, text);
    if (!('root' in read)) return read;
    const versions = new Map<string, string>();
    for (const { raw } of read.packages) {
      const name = textOf(raw['name']);
      if (!versions.has(name)) versions.set(name, textOf(raw['version']));
    }
    // A dependency is `name` where there is one version of it, else `name version`, else `name version (source)`.
    const keyOf = (written: string): string => {
      const [name = '', version] = written.split(' ');
      return `${name} ${version ?? versions.get(name) ?? ''}`;
    };
    const graph = new PackageGraph('crates.io', file);
    for (const { raw, line } of read.packages) {
      const needs = listOf(raw['dependencies']).map((need) => keyOf(textOf(need)));
      const source = textOf(raw['source']);
      // Members of the workspace have no source; what they need is direct.
      if (source === '') for (const need of needs) graph.root(need, false);
      const checksum = textOf(raw['checksum']);
      graph.add(`${textOf(raw['name'])} ${textOf(raw['version'])}`, {
        name: textOf(raw['name']),
        version: source.startsWith('registry+') || source.startsWith('sparse+') ? textOf(raw['version']) : '',
        line,
        needs,
        ...(/^[0-9a-f]{64}$/.test(checksum) && { hashes: [{ algorithm: 'sha256', hex: checksum }] }),
      });
    }
    return { packages: graph.packages(), diagnostics: read.mistakes, exact: true };
  },
} satisfies LockfileReader;
