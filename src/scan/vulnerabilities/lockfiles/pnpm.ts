// pnpm-lock.yaml of lockfile versions 5 to 9.
import { readYaml } from '#syntax/yaml.ts';
import { PackageGraph } from '../graph.ts';
import { integrityHashes, isRecord, linesOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader, RawRecord } from '../lockfile.ts';

const GROUPS = ['dependencies', 'optionalDependencies', 'devDependencies'] as const;

export const PNPM_LOCK = {
  name: 'pnpm lockfile',
  ecosystem: 'npm',
  matches: named('pnpm-lock.yaml'),
  read(file, text): LockfileRead {
    const { documents, mistakes } = readYaml(file, text);
    // pnpm 11 puts a document about its own packages before the project's.
    const root = documents.at(-1)?.value;
    if (!isRecord(root)) return unreadable(file, mistakes[0]?.message ?? 'this is no lockfile', mistakes[0]?.location.line);
    const lines = linesOf(text, keyOfLine);
    const graph = new PackageGraph('npm', file);
    const packages = recordOf(root['packages']);
    const snapshots = isRecord(root['snapshots']) ? root['snapshots'] : packages;
    for (const [key, raw] of Object.entries(snapshots)) {
      const split = splitKey(key);
      if (!split) continue;
      const about = recordOf(packages[key] ?? packages[`${split.name}@${split.version}`]);
      const entry = recordOf(raw);
      const needs = GROUPS.slice(0, 2).flatMap((group) =>
        Object.entries(recordOf(entry[group])).map(([name, version]) => keyFor(name, textOf(version), snapshots)),
      );
      graph.add(key, {
        name: textOf(about['name']) || split.name,
        version: textOf(about['version']) || split.version,
        line: lines.get(key) ?? lines.get(`${split.name}@${split.version}`) ?? 1,
        needs,
        ...(typeof entry['dev'] === 'boolean' && { dev: entry['dev'] }),
        hashes: integrityHashes(recordOf(about['resolution'])['integrity']),
      });
    }
    const importers = isRecord(root['importers']) ? Object.values(root['importers']) : [root];
    for (const importer of importers) {
      for (const group of GROUPS) {
        for (const [name, raw] of Object.entries(recordOf(recordOf(importer)[group]))) {
          const version = isRecord(raw) ? textOf(raw['version']) : textOf(raw);
          graph.root(keyFor(name, version, snapshots), group === 'devDependencies');
        }
      }
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

function keyOfLine(line: string): string | undefined {
  const match = /^(?:'([^']+)'|"([^"]+)"|([^\s'":][^\s]*)):(?: \{.*)?$/.exec(line);
  return match ? (match[1] ?? match[2] ?? match[3]) : undefined;
}

/** `/name/1.0.0`, `/name/1.0.0_peer`, `/name@1.0.0(peer)`, `name@1.0.0(peer)`; the scope belongs to the name. */
function splitKey(key: string): { readonly name: string; readonly version: string } | undefined {
  const paren = key.indexOf('(');
  const bare = (paren === -1 ? key : key.slice(0, paren)).replace(/^\//, '');
  // Version 5 puts a slash before the version and peers behind an underscore.
  const old = /^((?:@[^/]+\/)?[^/@]+)\/(\d[^_/]*)/.exec(bare);
  if (old) return release(old[1]!, old[2]!);
  const at = bare.lastIndexOf('@');
  return at > 0 ? release(bare.slice(0, at), bare.slice(at + 1)) : undefined;
}

function release(name: string, version: string): { readonly name: string; readonly version: string } {
  return { name, version: /^[a-z+]+:/.test(version) ? '' : version };
}

/** The key of a dependency's package: its value is a version, a key, or `alias` to another package. */
function keyFor(name: string, version: string, packages: RawRecord): string {
  const candidates = [`${name}@${version}`, `/${name}@${version}`, `/${name}/${version}`, version, `/${version}`];
  return candidates.find((key) => Object.hasOwn(packages, key)) ?? candidates[0]!;
}
