// bun.lock: JSON with comments and trailing commas.
import { readJson } from '#syntax/json.ts';
import { PackageGraph } from '../graph.ts';
import { integrityHashes, isRecord, listOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const BUN_LOCK = {
  name: 'Bun lockfile',
  ecosystem: 'npm',
  matches: named('bun.lock'),
  read(file, text): LockfileRead {
    const json = readJson(file, text, { relaxed: true });
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no lockfile', json.mistake?.location.line);
    const packages = recordOf(json.value['packages']);
    const graph = new PackageGraph('npm', file);
    for (const [key, raw] of Object.entries(packages)) {
      const [spec, ...rest] = listOf(raw);
      const written = textOf(spec);
      const at = written.indexOf('@', 1);
      const version = written.slice(at + 1);
      const about = recordOf(rest.find(isRecord));
      const names = Object.keys({
        ...recordOf(about['dependencies']),
        ...recordOf(about['optionalDependencies']),
        ...recordOf(about['peerDependencies']),
      });
      graph.add(key, {
        name: written.slice(0, at),
        version: /^(?:workspace|file|link|git|github|https?)[:+]/.test(version) ? '' : version,
        line: json.lineOf(raw as object),
        needs: names.flatMap((name) => resolve(key, name, packages)),
        hashes: integrityHashes(rest.at(-1)),
      });
    }
    for (const workspace of Object.values(recordOf(json.value['workspaces']))) {
      const { name: own } = recordOf(workspace);
      for (const group of ['dependencies', 'optionalDependencies', 'devDependencies']) {
        for (const name of Object.keys(recordOf(recordOf(workspace)[group])))
          for (const key of resolve(textOf(own), name, packages)) graph.root(key, group === 'devDependencies');
      }
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

/** Keys are paths of names: `a/b` is the `b` that only `a` sees. */
function resolve(from: string, name: string, packages: Readonly<Record<string, unknown>>): string[] {
  for (let at = from; at !== '';) {
    if (Object.hasOwn(packages, `${at}/${name}`)) return [`${at}/${name}`];
    const slash = at.lastIndexOf('/');
    at = slash === -1 ? '' : at.slice(0, slash);
  }
  return Object.hasOwn(packages, name) ? [name] : [];
}
