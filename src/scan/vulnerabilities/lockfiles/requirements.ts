// pip's requirements and constraints (https://pip.pypa.io/en/stable/reference/requirements-file-format/). Only `==` and `===` name a version.
import { baseOf, folderOf } from '#base/paths.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { PackageGraph } from '../graph.ts';
import { treePath, problem } from '../lockfile.ts';
import type { LockfileContext, LockfileRead, LockfileReader } from '../lockfile.ts';
import { canonicalName } from '../package.ts';

const INCLUDES_MAX = 50;

export const REQUIREMENTS = {
  name: 'requirements file',
  ecosystem: 'PyPI',
  matches: (path) =>
    /^(?:.*[-_.])?(?:requirements|constraints)(?:[-_.].*)?\.(?:txt|lock)$/.test(baseOf(path)) ||
    /(?:^|\/)requirements\/[^/]+\.txt$/.test(path),
  read(file, text, context): LockfileRead {
    const graph = new PackageGraph('PyPI', file);
    const loose: { line: number; name: string }[] = [];
    const dev = /(?:^|[-_.])(?:dev|test|tests|lint|docs|typing|ci)(?:[-_.]|$)/.test(baseOf(file).replace(/\.txt$/, ''));
    const state: State = { graph, loose, dev, seen: new Set([file]), pins: new Map() };
    readLines(file, text, context, state, 0);
    const open = loose.filter(({ name }) => !state.pins.has(canonicalName('PyPI', name)));
    const diagnostics: Diagnostic[] = [];
    if (open.length > 0) {
      const names = open
        .slice(0, 3)
        .map(({ name }) => `\`${name}\``)
        .join(', ');
      const more = open.length > 3 ? ` and ${open.length - 3} more` : '';
      diagnostics.push({
        ...problem(
          file,
          open[0]!.line,
          `${names}${more} ${open.length === 1 ? 'has' : 'have'} no exact version (\`==\`): not analysed exactly`,
          'pin them, as `pip-compile` and `uv pip compile` do',
        ),
        code: 'lockfile.missing',
      });
    }
    return { packages: graph.packages(), diagnostics, exact: open.length === 0 };
  },
} satisfies LockfileReader;

interface State {
  readonly graph: PackageGraph;
  readonly loose: { line: number; name: string }[];
  readonly dev: boolean;
  readonly seen: Set<string>;
  readonly pins: Map<string, string>;
}

function readLines(file: string, text: string, context: LockfileContext, state: State, rootLine: number): void {
  for (const { line, number } of logicalLines(text)) {
    const at = rootLine === 0 ? number : rootLine;
    const option = /^(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)/.exec(line);
    if (option) {
      const path = treePath(folderOf(file), option[1]!);
      if (state.seen.has(path) || state.seen.size > INCLUDES_MAX || /^[a-z]+:\/\//.test(option[1]!)) continue;
      state.seen.add(path);
      const included = context.text(path);
      if (included !== undefined) readLines(path, included, context, state, at);
      continue;
    }
    if (line.startsWith('-')) continue;
    const match = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/.exec(line);
    if (!match) continue;
    const name = match[1]!;
    const rest = match[2]!;
    if (rest.startsWith('@') || rest.startsWith(':')) continue;
    const version = /^\(?\s*={2,3}\s*([^\s;,)*]+)\s*\)?(?=$|[\s;)])/.exec(rest)?.[1];
    if (version === undefined) {
      state.loose.push({ line: at, name });
      continue;
    }
    const hash = [...rest.matchAll(/--hash=(sha256|sha384|sha512):([0-9a-f]{64,128})/g)];
    state.pins.set(canonicalName('PyPI', name), version);
    state.graph.add(`${canonicalName('PyPI', name)} ${version}`, {
      name,
      version,
      line: at,
      ...(state.dev && { dev: true }),
      ...(hash.length === 1 && { hashes: [{ algorithm: hash[0]![1]!, hex: hash[0]![2]! }] }),
    });
  }
}

/** Lines without comments, with those that end in a backslash joined. */
function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let joined = '';
  let first = 0;
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    const comment = /^#|\s#/.exec(raw);
    const line = comment ? raw.slice(0, comment.index) : raw.trimEnd();
    if (joined === '') first = number;
    if (line.endsWith('\\')) {
      joined += `${line.slice(0, -1)} `;
      if (joined.length < 1_000_000) continue;
    }
    const whole = (joined + line.replace(/\\$/, '')).trim();
    joined = '';
    if (whole !== '') yield { line: whole, number: first };
  }
  if (joined.trim() !== '') yield { line: joined.trim(), number: first };
}
