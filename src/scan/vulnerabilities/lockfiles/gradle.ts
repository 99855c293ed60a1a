// Gradle: dependency lockfiles, and version catalogs, which name direct packages only.
import { baseOf, folderOf } from '#base/paths.ts';
import { readToml } from '#syntax/toml.ts';
import { tomlMistakes } from './toml-packages.ts';
import { PackageGraph } from '../graph.ts';
import { holds, isRecord, treePath, linesOf, problem, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

const TEST = /test|checkstyle|pmd|jacoco|spotbugs|ktlint|detekt|annotationProcessor|kapt/i;

export const GRADLE_LOCK = {
  name: 'Gradle lockfile',
  ecosystem: 'Maven',
  matches: (path) => /(?:^|\/)(?:[\w.-]*gradle\.lockfile|gradle\/dependency-locks\/[^/]+\.lockfile)$/.test(path),
  read(file, text): LockfileRead {
    const graph = new PackageGraph('Maven', file);
    for (const [index, raw] of text.split('\n').entries()) {
      const match = /^([^\s:#=]+):([^\s:=]+):([^\s:=]+)(?:=(.*))?$/.exec(raw.trim());
      if (!match) continue;
      const [, group, artifact, version, configurations] = match;
      const names = (configurations ?? '').split(',').filter((name) => name !== '');
      const dev = names.length > 0 && names.every((name) => TEST.test(name));
      graph.add(`${group}:${artifact}:${version}`, { name: `${group}:${artifact}`, version: version!, line: index + 1, dev });
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

export const GRADLE_CATALOG = {
  name: 'Gradle version catalog',
  ecosystem: 'Maven',
  matches: (path) => path.endsWith('.versions.toml'),
  read(file, text, context): LockfileRead {
    const read = readToml(file, text);
    const root: unknown = read.value;
    if (!isRecord(root) || (read.mistakes.length > 0 && root['libraries'] === undefined))
      return unreadable(file, read.mistakes[0]?.message ?? 'this is no catalog', read.mistakes[0]?.location.line);
    const above = folderOf(folderOf(file));
    if (holds(context, treePath(above, 'gradle.lockfile'))) return { packages: [], diagnostics: [], exact: true };
    const versions = recordOf(root['versions']);
    const lines = linesOf(text, (line) => /^"?([\w.-]+)"?\s*=/.exec(line)?.[1]);
    const graph = new PackageGraph('Maven', file);
    for (const [alias, raw] of Object.entries(recordOf(root['libraries']))) {
      const { name, version } = coordinates(raw);
      const reference = isRecord(version) ? textOf(version['ref']) : undefined;
      const exact = versionText(reference === undefined ? version : versions[reference]);
      graph.add(alias, {
        name,
        version: /^\d[\w.-]*(?:\+[\w.-]+)?$/.test(exact) ? exact : '',
        line: lines.get(alias) ?? 1,
        direct: true,
      });
    }
    const diagnostics =
      graph.size > 0
        ? [
            {
              ...problem(
                file,
                1,
                `\`${baseOf(file)}\` names direct packages only, and there is no gradle.lockfile: what they need is not analysed exactly`,
                'turn dependency locking on and commit gradle.lockfile',
              ),
              code: 'lockfile.missing',
            },
          ]
        : [];
    return { packages: graph.packages(), diagnostics: [...tomlMistakes(file, read), ...diagnostics], exact: graph.size === 0 };
  },
} satisfies LockfileReader;

function coordinates(raw: unknown): { readonly name: string; readonly version: unknown } {
  if (typeof raw === 'string') {
    const [group = '', artifact = '', version = ''] = raw.split(':');
    return { name: `${group}:${artifact}`, version };
  }
  const { module, group, name, version } = recordOf(raw);
  return { name: typeof module === 'string' ? module : `${textOf(group)}:${textOf(name)}`, version };
}

/** A version, or the strictest word of a rich one. */
function versionText(version: unknown): string {
  if (!isRecord(version)) return textOf(version);
  return textOf(version['strictly'] ?? version['require'] ?? version['prefer']);
}
