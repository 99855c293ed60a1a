// composer.lock.
import { folderOf } from '#base/paths.ts';
import { readJson } from '#syntax/json.ts';
import { PackageGraph } from '../graph.ts';
import { isRecord, treePath, listOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const COMPOSER_LOCK = {
  name: 'Composer lockfile',
  ecosystem: 'Packagist',
  matches: named('composer.lock'),
  read(file, text, context): LockfileRead {
    const json = readJson(file, text);
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no lockfile', json.mistake?.location.line);
    const graph = new PackageGraph('Packagist', file);
    for (const [group, dev] of [
      ['packages', false],
      ['packages-dev', true],
    ] as const) {
      for (const raw of listOf(json.value[group])) {
        if (!isRecord(raw)) continue;
        const name = textOf(raw['name']).toLowerCase();
        const sha1 = textOf(recordOf(raw['dist'])['shasum']);
        graph.add(name, {
          name,
          version: textOf(raw['version']).replace(/^v(?=\d)/, ''),
          line: json.lineOf(raw),
          dev,
          needs: Object.keys(recordOf(raw['require'])).map((need) => need.toLowerCase()),
          ...(/^[0-9a-f]{40}$/.test(sha1) && { hashes: [{ algorithm: 'sha1', hex: sha1 }] }),
        });
      }
    }
    // Which of them the project asks for itself is in composer.json only.
    const manifest = readJson('', context.text(treePath(folderOf(file), 'composer.json')) ?? '{}').value;
    for (const name of Object.keys(recordOf(recordOf(manifest)['require']))) graph.root(name.toLowerCase(), false);
    for (const name of Object.keys(recordOf(recordOf(manifest)['require-dev']))) graph.root(name.toLowerCase(), true);
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;
