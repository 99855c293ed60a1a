// Lockfiles of Python's tools: Poetry, uv, PDM, Pipenv.
import { baseOf } from '#base/paths.ts';
import { readJson } from '#syntax/json.ts';
import { PackageGraph } from '../graph.ts';
import { isRecord, listOf, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader, RawRecord } from '../lockfile.ts';
import { canonicalName } from '../package.ts';
import { fileHashes, tomlPackages } from './toml-packages.ts';

/** A project may pin one name several times for different platforms; the first is followed. */
function key(name: string): string {
  return canonicalName('PyPI', name);
}

/** Name at the front of a requirement: `requests[socks]>=2; python_version > "3"`. */
export function requirementName(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*/.exec(text.trim())?.[0] ?? '';
}

const MAIN = new Set(['main', 'default']);

function isOnlyDev(raw: RawRecord): boolean | undefined {
  if (typeof raw['category'] === 'string') return raw['category'] === 'dev';
  const groups = listOf(raw['groups']).map(textOf);
  return groups.length === 0 ? undefined : !groups.some((group) => MAIN.has(group));
}

export const POETRY_LOCK = {
  name: 'Poetry lockfile',
  ecosystem: 'PyPI',
  matches: named('poetry.lock'),
  read(file, text): LockfileRead {
    const read = tomlPackages(file, text);
    if (!('root' in read)) return read;
    const graph = new PackageGraph('PyPI', file);
    for (const { raw, line } of read.packages) {
      const source = textOf(recordOf(raw['source'])['type']);
      const dev = isOnlyDev(raw);
      graph.add(`${key(textOf(raw['name']))}${graph.has(key(textOf(raw['name']))) ? ` ${line}` : ''}`, {
        name: textOf(raw['name']),
        version: source === 'directory' || source === 'git' ? '' : textOf(raw['version']),
        line,
        needs: Object.keys(recordOf(raw['dependencies'])).map(key),
        ...(dev !== undefined && { dev }),
        hashes: fileHashes(raw['files']),
      });
    }
    return { packages: graph.packages(), diagnostics: read.mistakes, exact: true };
  },
} satisfies LockfileReader;

export const PDM_LOCK = {
  name: 'PDM lockfile',
  ecosystem: 'PyPI',
  matches: named('pdm.lock'),
  read(file, text): LockfileRead {
    const read = tomlPackages(file, text);
    if (!('root' in read)) return read;
    const graph = new PackageGraph('PyPI', file);
    for (const { raw, line } of read.packages) {
      const dev = isOnlyDev(raw);
      const name = textOf(raw['name']);
      graph.add(graph.has(key(name)) ? `${key(name)} ${line}` : key(name), {
        name,
        version: raw['path'] !== undefined || raw['git'] !== undefined ? '' : textOf(raw['version']),
        line,
        needs: listOf(raw['dependencies']).map((need) => key(requirementName(textOf(need)))),
        ...(dev !== undefined && { dev }),
        hashes: fileHashes(raw['files']),
      });
    }
    return { packages: graph.packages(), diagnostics: read.mistakes, exact: true };
  },
} satisfies LockfileReader;

export const UV_LOCK = {
  name: 'uv lockfile',
  ecosystem: 'PyPI',
  matches: named('uv.lock'),
  read(file, text): LockfileRead {
    const read = tomlPackages(file, text);
    if (!('root' in read)) return read;
    const graph = new PackageGraph('PyPI', file);
    const first = new Map<string, string>();
    for (const { raw } of read.packages) {
      const name = key(textOf(raw['name']));
      if (!first.has(name)) first.set(name, `${name} ${textOf(raw['version'])}`);
    }
    const keysOf = (needs: unknown): string[] =>
      listOf(needs).flatMap((need) => {
        const { name, version } = recordOf(need);
        const plain = key(textOf(name));
        return typeof version === 'string' ? [`${plain} ${version}`] : (first.get(plain) ?? []);
      });
    for (const { raw, line } of read.packages) {
      const source = recordOf(raw['source']);
      const own = ['editable', 'virtual', 'directory', 'workspace'].some((kind) => source[kind] !== undefined);
      const needs = keysOf(raw['dependencies']);
      const extras = Object.values(recordOf(raw['optional-dependencies'])).flatMap(keysOf);
      if (own) {
        for (const need of [...needs, ...extras]) graph.root(need, false);
        for (const group of Object.values(recordOf(raw['dev-dependencies'])))
          for (const need of keysOf(group)) graph.root(need, true);
      }
      const files = [...listOf(raw['wheels']), ...(isRecord(raw['sdist']) ? [raw['sdist']] : [])];
      graph.add(`${key(textOf(raw['name']))} ${textOf(raw['version'])}`, {
        name: textOf(raw['name']),
        version: own || source['git'] !== undefined ? '' : textOf(raw['version']),
        line,
        needs: [...needs, ...extras],
        hashes: fileHashes(files),
      });
    }
    return { packages: graph.packages(), diagnostics: read.mistakes, exact: true };
  },
} satisfies LockfileReader;

export const PIPFILE_LOCK = {
  name: 'Pipenv lockfile',
  ecosystem: 'PyPI',
  matches: named('Pipfile.lock'),
  read(file, text): LockfileRead {
    const json = readJson(file, text);
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no lockfile', json.mistake?.location.line);
    const graph = new PackageGraph('PyPI', file);
    for (const [group, packages] of Object.entries(json.value)) {
      if (group === '_meta') continue;
      for (const [name, raw] of Object.entries(recordOf(packages))) {
        if (!isRecord(raw)) continue;
        const version = textOf(raw['version']).replace(/^===?/, '');
        // What `default` has too stands first and counts.
        graph.add(name, { name, version, line: json.lineOf(raw), dev: group === 'develop' });
      }
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

/** The standard lockfile of Python (PEP 751). */
export const PYLOCK = {
  name: 'pylock.toml',
  ecosystem: 'PyPI',
  matches: (path) => /^pylock(?:\.[^.]+)?\.toml$/.test(baseOf(path)),
  read(file, text): LockfileRead {
    const read = tomlPackages(file, text, 'packages');
    if (!('root' in read)) return read;
    const graph = new PackageGraph('PyPI', file);
    for (const { raw, line } of read.packages) {
      const name = textOf(raw['name']);
      const own = ['vcs', 'directory', 'archive'].some((kind) => raw[kind] !== undefined);
      graph.add(`${key(name)} ${line}`, {
        name,
        version: own ? '' : textOf(raw['version']),
        line,
        needs: listOf(raw['dependencies']).map((need) => key(textOf(recordOf(need)['name']))),
      });
    }
    return { packages: graph.packages(), diagnostics: read.mistakes, exact: true };
  },
} satisfies LockfileReader;
