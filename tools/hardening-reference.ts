// docs/reference/hardening.md: the lines of hardening with the tests that show them.
import { AREAS, LINES } from '../test/hardening/lines.ts';

/** The page without its first line. */
export function hardeningReference(): string {
  const rows = (from: number, to: number): string[] =>
    LINES.filter(({ line }) => line >= from && line <= to).map(({ line, expected, notServed, shown }) => {
      const tests = shown.map(
        ({ file, names }) =>
          `[${file.replace(/^.*\//, '')}](../../${file}): ${names.map((name) => cell(plain(name, line))).join('; ')}`,
      );
      return `| ${line} | ${notServed ? '**not served yet**; ' : ''}${cell(expected)} | ${tests.join('<br>')} |`;
    });
  return [
    '# Hardening',
    '',
    'Ways in which HTTP and TLS data planes went wrong (CVEs of Envoy, Istio, HAProxy, Traefik, Kong, Node and others), what is expected here, and the tests',
    'that show it. Names of groups stand for all tests in them, `${…}` for what a table of cases fills in. Suites run by `npm run conformance`.',
    ...AREAS.flatMap(([area, title, from, to]) => [
      '',
      `## ${area}. ${title}`,
      '',
      '| line | expected here | shown by |',
      '|---|---|---|',
      ...rows(from, to),
    ]),
    '',
  ].join('\n');
}

/** A test's name without the number that stands beside it. */
const plain = (name: string, line: number): string =>
  name.replace(/^proxy-hardening [\d, $a-z{}]+: /, '').replaceAll('${line}', String(line));

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
