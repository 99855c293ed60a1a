// yarn.lock: version 1 has a format of its own, later ones are YAML.
import { readYaml } from '#syntax/yaml.ts';
import { PackageGraph } from '../graph.ts';
import { integrityHashes, isRecord, linesOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const YARN_LOCK = {
  name: 'Yarn lockfile',
  ecosystem: 'npm',
  matches: named('yarn.lock'),
  read(file, text): LockfileRead {
    return /^__metadata:/m.test(text) ? readBerry(file, text) : readClassic(file, text);
  },
} satisfies LockfileReader;

interface Entry {
  readonly specs: readonly string[];
  readonly line: number;
  version: string;
  integrity: string;
  resolved: string;
  readonly needs: string[];
}

function readClassic(file: string, text: string): LockfileRead {
  const entries: Entry[] = [];
  let entry: Entry | undefined;
  let inDependencies = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      const specs = line
        .replace(/:$/, '')
        .split(',')
        .map((spec) => unquote(spec.trim()));
      entry = { specs, line: index + 1, version: '', integrity: '', resolved: '', needs: [] };
      entries.push(entry);
      inDependencies = false;
      continue;
    }
    if (!entry) continue;
    const [key, value] = splitPair(line.trim());
    if (line.startsWith('    ')) {
      if (inDependencies) entry.needs.push(`${key}@${value}`);
      continue;
    }
    inDependencies = key === 'dependencies:' || key === 'optionalDependencies:';
    if (key === 'version') entry.version = value;
    else if (key === 'integrity') entry.integrity = value;
    else if (key === 'resolved') entry.resolved = value;
  }
  if (entries.length === 0 && !text.includes('yarn lockfile')) return unreadable(file, 'this is no yarn lockfile');
  const graph = new PackageGraph('npm', file);
  const keys = new Map<string, string>();
  for (const { specs } of entries) for (const spec of specs) keys.set(spec, specs[0]!);
  for (const { specs, line, version, integrity, needs } of entries) {
    const spec = specs[0]!;
    const at = spec.indexOf('@', 1);
    const range = spec.slice(at + 1);
    const alias = /^npm:(@?[^@]+)@/.exec(range);
    graph.add(spec, {
      name: alias ? alias[1]! : spec.slice(0, at),
      version: /^(?:file|link|portal|git\+?[a-z]*):/.test(range) ? '' : version,
      line,
      needs: needs.flatMap((need) => keys.get(need) ?? []),
      hashes: integrityHashes(integrity),
    });
  }
  return { packages: graph.packages(), diagnostics: [], exact: true };
}

function unquote(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

function splitPair(line: string): readonly [string, string] {
  if (line.startsWith('"')) {
    const end = line.indexOf('"', 1);
    if (end !== -1) return [line.slice(1, end), unquote(line.slice(end + 1).trim())];
  }
  const space = line.indexOf(' ');
  return space === -1 ? [line, ''] : [line.slice(0, space), unquote(line.slice(space + 1).trim())];
}

function readBerry(file: string, text: string): LockfileRead {
  const { documents, mistakes } = readYaml(file, text);
  const root = documents[0]?.value;
  if (!isRecord(root)) return unreadable(file, mistakes[0]?.message ?? 'this is no lockfile', mistakes[0]?.location.line);
  const lines = linesOf(text, (line) => (line.endsWith(':') ? line.slice(0, -1).replace(/^"|"$/g, '') : undefined));
  const graph = new PackageGraph('npm', file);
  const keys = new Map<string, string>();
  for (const key of Object.keys(root)) for (const spec of key.split(', ')) keys.set(spec, key);
  const resolve = (name: string, range: string): string | undefined =>
    keys.get(`${name}@${range}`) ?? keys.get(`${name}@npm:${range}`) ?? keys.get(`${name}@${range.replace(/^npm:/, '')}`);
  for (const [key, raw] of Object.entries(root)) {
    if (key === '__metadata' || !isRecord(raw)) continue;
    const resolution = textOf(raw['resolution']);
    const at = resolution.indexOf('@', 1);
    const source = resolution.slice(at + 1);
    const needs = Object.entries({ ...recordOf(raw['dependencies']), ...recordOf(raw['optionalDependencies']) }).flatMap(
      ([name, range]) => resolve(name, textOf(range)) ?? [],
    );
    if (source.startsWith('workspace:')) {
      for (const need of needs) graph.root(need, false);
      continue;
    }
    const checksum = /(?:^|\/)([0-9a-f]{128})$/.exec(textOf(raw['checksum']))?.[1];
    graph.add(key, {
      name: resolution.slice(0, at),
      version: source.startsWith('npm:') || source.startsWith('patch:') ? textOf(raw['version']) : '',
      line: lines.get(key) ?? 1,
      needs,
      ...(checksum !== undefined && { hashes: [{ algorithm: 'sha512', hex: checksum }] }),
    });
  }
  return { packages: graph.packages(), diagnostics: [], exact: true };
}
