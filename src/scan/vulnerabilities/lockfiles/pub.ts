// Dart's pubspec.lock.
import { readYaml } from '#syntax/yaml.ts';
import { PackageGraph } from '../graph.ts';
import { isRecord, linesOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const PUBSPEC_LOCK = {
  name: 'pubspec.lock',
  ecosystem: 'Pub',
  matches: named('pubspec.lock'),
  read(file, text): LockfileRead {
    const { documents, mistakes } = readYaml(file, text);
    const root = documents[0]?.value;
    if (!isRecord(root)) return unreadable(file, mistakes[0]?.message ?? 'this is no lockfile', mistakes[0]?.location.line);
    const lines = linesOf(text, (line) => /^"?([\w]+)"?:$/.exec(line)?.[1]);
    const graph = new PackageGraph('Pub', file);
    for (const [name, raw] of Object.entries(recordOf(root['packages']))) {
      const { dependency, source, version, description } = recordOf(raw);
      const kind = textOf(dependency);
      const hash = textOf(recordOf(description)['sha256']);
      graph.add(name, {
        name,
        version: source === 'hosted' ? textOf(version) : '',
        line: lines.get(name) ?? 1,
        direct: kind.startsWith('direct'),
        ...(kind.startsWith('direct') && { dev: kind === 'direct dev' }),
        ...(/^[0-9a-f]{64}$/.test(hash) && { hashes: [{ algorithm: 'sha256', hex: hash }] }),
      });
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;
