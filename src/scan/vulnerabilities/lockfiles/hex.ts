// Elixir's mix.lock: a map of terms `"name": {:hex, :package, "1.0.0", "hash", [:mix], [{:need, "~> 1.0", […]}], "hexpm", "hash"}`, one a line.
import { PackageGraph } from '../graph.ts';
import { named } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const MIX_LOCK = {
  name: 'mix.lock',
  ecosystem: 'Hex',
  matches: named('mix.lock'),
  read(file, text): LockfileRead {
    const graph = new PackageGraph('Hex', file);
    for (const [index, raw] of text.split('\n').entries()) {
      const match = /^\s*"([^"]+)":\s*\{:hex,\s*:"?([\w]+)"?,\s*"([^"]+)"(?:,\s*"([0-9a-f]{64})")?/.exec(raw);
      if (!match) continue;
      const [whole, key, name, version, hash] = match;
      const needs = [...raw.slice(whole.length, whole.length + 20_000).matchAll(/\{:(\w+), "/g)].map((need) => need[1]!);
      graph.add(key!, {
        name: name!,
        version: version!,
        line: index + 1,
        needs,
        ...(hash !== undefined && { hashes: [{ algorithm: 'sha256', hex: hash }] }),
      });
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;
