// Version orderings per ecosystem, as osv-scalibr collected them: lines `a < b`, `a = b`, `a > b`. Both directions are asked.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compareVersions } from '#scan/vulnerabilities/versions.ts';
import { readText } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

/** File's first word to OSV's name where they differ. */
const ECOSYSTEMS: Readonly<Record<string, string>> = { redhat: 'Red Hat', semver: 'npm' };

function judge(ecosystem: string, line: string): string | undefined {
  const match = /^(\S+) ([<=>]) (\S+)$/.exec(line);
  if (!match) return 'the row cannot be read';
  const [, a, sign, b] = match as unknown as [string, string, '<' | '=' | '>', string];
  const want = { '<': -1, '=': 0, '>': 1 }[sign];
  const got = Math.sign(compareVersions(ecosystem, a, b));
  if (got !== want) return `got ${got}`;
  return Math.sign(compareVersions(ecosystem, b, a)) === 0 - want ? undefined : 'the other way round it differs';
}

export const suite = {
  name: 'versions',
  needs: 'versions',
  run({ dir }): Promise<RowResult[]> {
    const rows: RowResult[] = [];
    const folder = join(dir, 'versions');
    const files = readdirSync(folder).filter((name) => /-versions\.txt(?:\.gz)?$/.test(name));
    for (const file of files.toSorted()) {
      const name = basename(file).split('-')[0]!;
      const lines = readText(join(folder, file)).split('\n');
      for (const [index, raw] of lines.entries()) {
        const line = raw.trim();
        if (line === '' || line.startsWith('#') || line.startsWith('//')) continue;
        const why = judge(ECOSYSTEMS[name] ?? name, line);
        const id = `${name}:${index + 1} ${line}`;
        rows.push(why === undefined ? { id, pass: true } : { id, pass: false, why });
      }
    }
    return Promise.resolve(rows);
  },
} satisfies Suite;
