// Bundler's Gemfile.lock: sections in capitals, gems below `specs:`, what they need one step deeper.
import { PackageGraph } from '../graph.ts';
import { named } from '../lockfile.ts';
import type { LockfileRead, LockfileReader } from '../lockfile.ts';

export const GEMFILE_LOCK = {
  name: 'Bundler lockfile',
  ecosystem: 'RubyGems',
  matches: named('Gemfile.lock', 'gems.locked'),
  read(file, text): LockfileRead {
    const graph = new PackageGraph('RubyGems', file);
    let section = '';
    let gem: { name: string; version: string; line: number; needs: string[] } | undefined;
    const keep = (): void => {
      if (gem) graph.add(gem.name, gem);
      gem = undefined;
    };
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.trimEnd();
      if (line !== '' && !line.startsWith(' ')) {
        keep();
        section = line;
        continue;
      }
      const match = /^( +)([A-Za-z0-9][\w.-]*)(!)?(?: \(([^)]*)\))?!?$/.exec(line);
      if (!match) continue;
      const [, indent, name, , version] = match;
      if (section === 'DEPENDENCIES' && indent!.length === 2) graph.root(name!, false);
      else if (section === 'GEM' && indent!.length === 4 && version !== undefined) {
        keep();
        gem = { name: name!, version: withoutPlatform(version), line: index + 1, needs: [] };
      } else if (indent!.length === 6) gem?.needs.push(name!);
    }
    keep();
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

/** `1.16.0-x86_64-linux`: a dash in a gem's version begins its platform. */
function withoutPlatform(version: string): string {
  const dash = version.indexOf('-');
  return dash === -1 ? version : version.slice(0, dash);
}
