// Every rule of the scan as one Markdown page, for docs/reference/rules.md. Equal rules give equal text.
import { RULES } from '#scan/catalogue.ts';
import type { RuleInfo } from '#scan/rule.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';

export function rulesReference(): string {
  const areas = Map.groupBy([...RULES.values()], ({ id }) => id.slice(0, id.indexOf('.')));
  const sections = [...areas].sort(([a], [b]) => (a < b ? -1 : 1)).map(([area, rules]) => section(area, rules));
  return [
    '# Rules',
    '',
    `${RULES.size} rules, and ${SECRET_RULES.length} kinds of secrets. A finding may be rated higher or lower than its rule where the System says so. Beside these, the policy`,
    'findings of `cullis check` (`policy.*`, `mtls.*`, `route.*`) and vulnerabilities (`vulnerability.*`) are part of every scan.',
    '',
    ...sections.flat(),
    '## secrets',
    '',
    `One rule a kind: ${SECRET_RULES.map(({ id }) => `\`${id}\``)
      .sort()
      .join(', ')}.`,
    '',
  ].join('\n');
}

function section(area: string, rules: readonly RuleInfo[]): string[] {
  const rows = [...rules]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(
      ({ id, severity, name, cwe, tags }) =>
        `| \`${id}\` | ${severity} | ${name.replaceAll('|', '\\|')} | ${cwe.map((n) => `CWE-${n}`).join(', ')} | ${tags.join(', ')} |`,
    );
  return [`## ${area}`, '', '| rule | severity | what | weakness | controls |', '|---|---|---|---|---|', ...rows, ''];
}
