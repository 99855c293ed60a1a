// deno.lock of versions 3 to 5: what it takes from npm. Modules of JSR and of URLs have no advisories.
import { readJson } from '#syntax/json.ts';
import { PackageGraph } from '../graph.ts';
import { integrityHashes, isRecord, listOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const DENO_LOCK = {
  name: 'Deno lockfile',
  ecosystem: 'npm',
  matches: named('deno.lock'),
  read(file, text): LockfileRead {
    const json = readJson(file, text);
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no lockfile', json.mistake?.location.line);
    const nested = recordOf(json.value['packages']);
    const packages = recordOf(json.value['npm'] ?? nested['npm']);
    const graph = new PackageGraph('npm', file);
    const first = new Map<string, string>();
    for (const key of Object.keys(packages)) if (!first.has(split(key).name)) first.set(split(key).name, key);
    for (const [key, raw] of Object.entries(packages)) {
      if (!isRecord(raw)) continue;
      // A need is `name` where there is one version of it, else `name@version`; version 3 names what was asked for too.
      const written = isRecord(raw['dependencies']) ? Object.values(raw['dependencies']) : listOf(raw['dependencies']);
      const needs = written.map(textOf).map((need) => (Object.hasOwn(packages, need) ? need : (first.get(need) ?? need)));
      graph.add(key, { ...split(key), line: json.lineOf(raw), needs, hashes: integrityHashes(raw['integrity']) });
    }
    for (const [specifier, version] of Object.entries(recordOf(json.value['specifiers'] ?? nested['specifiers']))) {
      if (!specifier.startsWith('npm:')) continue;
      const { name } = split(specifier.slice(4));
      const resolved = textOf(version).replace(/^npm:/, '');
      graph.root(Object.hasOwn(packages, resolved) ? resolved : `${name}@${resolved}`, false);
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

/** `@scope/name@1.0.0_peer@2.0.0` */
function split(key: string): { readonly name: string; readonly version: string } {
  const at = key.indexOf('@', 1);
  return at === -1 ? { name: key, version: '' } : { name: key.slice(0, at), version: key.slice(at + 1).split('_')[0]! };
}
