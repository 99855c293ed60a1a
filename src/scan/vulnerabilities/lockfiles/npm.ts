// npm's package-lock.json and npm-shrinkwrap.json: versions 2 and 3 list folders, version 1 nests packages.
import { readJson } from '#syntax/json.ts';
import type { JsonRead } from '#syntax/json.ts';
import { PackageGraph } from '../graph.ts';
import { integrityHashes, isRecord, named, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileRead, LockfileReader, RawRecord } from '../lockfile.ts';

const FOLDER = 'node_modules/';

export const NPM_LOCK = {
  name: 'npm lockfile',
  ecosystem: 'npm',
  matches: named('package-lock.json', 'npm-shrinkwrap.json', '.package-lock.json'),
  read(file, text): LockfileRead {
    const json = readJson(file, text);
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no lockfile', json.mistake?.location.line);
    const root = json.value;
    const graph = new PackageGraph('npm', file);
    if (isRecord(root['packages'])) readFolders(root['packages'], graph, json);
    else readNested(root, '', graph, json, 0);
    const name = textOf(root['name']);
    const project = name === '' ? {} : { project: { name, version: textOf(root['version']) } };
    return { packages: graph.packages(), diagnostics: [], exact: true, ...project };
  },
} satisfies LockfileReader;

function readFolders(packages: RawRecord, graph: PackageGraph, json: JsonRead): void {
  const resolve = (folder: string, name: string): string | undefined => {
    for (let at = folder; ;) {
      const path = at === '' ? FOLDER + name : `${at}/${FOLDER}${name}`;
      if (Object.hasOwn(packages, path)) {
        const entry = recordOf(packages[path]);
        return entry['link'] === true ? textOf(entry['resolved']) : path;
      }
      if (at === '') return undefined;
      const up = at.lastIndexOf(`/${FOLDER}`);
      at = up === -1 ? '' : at.slice(0, up);
    }
  };
  for (const [path, raw] of Object.entries(packages)) {
    if (!isRecord(raw) || raw['link'] === true) continue;
    const needs: string[] = [];
    const groups = ['dependencies', 'optionalDependencies', 'peerDependencies', 'devDependencies'];
    const own = !path.includes(FOLDER);
    for (const group of groups) {
      for (const name of Object.keys(recordOf(raw[group]))) {
        const key = resolve(path, name);
        if (key === undefined) continue;
        if (own) graph.root(key, group === 'devDependencies');
        else if (group !== 'devDependencies') needs.push(key);
      }
    }
    if (own) continue;
    const at = path.lastIndexOf(FOLDER);
    const name = textOf(raw['name']) || path.slice(at + FOLDER.length);
    const licence = textOf(raw['license']);
    graph.add(path, {
      name,
      version: textOf(raw['version']),
      line: json.lineOf(raw),
      needs,
      ...((raw['dev'] === true || raw['devOptional'] === true) && { dev: raw['dev'] === true }),
      ...(licence !== '' && { licence }),
      hashes: integrityHashes(raw['integrity']),
    });
  }
}

function readNested(parent: RawRecord, path: string, graph: PackageGraph, json: JsonRead, depth: number): void {
  if (depth > 100) return;
  for (const [name, raw] of Object.entries(recordOf(parent['dependencies']))) {
    if (!isRecord(raw)) continue;
    const written = textOf(raw['version']);
    const alias = /^npm:(.+)@([^@]+)$/.exec(written);
    const key = `${path}/${name}`;
    const needs = Object.keys(recordOf(raw['requires'])).flatMap((need) => nearest(parentsOf(key), need));
    graph.add(key, {
      name: alias ? alias[1]! : name,
      // A folder or a repository in place of a version is no release.
      version: alias ? alias[2]! : /^[a-z+]+:|\//.test(written) ? '' : written,
      line: json.lineOf(raw),
      needs,
      dev: raw['dev'] === true,
      hashes: integrityHashes(raw['integrity']),
    });
    readNested(raw, key, graph, json, depth + 1);
  }
}

/** Version 1 does not say which copy is meant: all that could be are named, nearest first; those that do not exist fall away. */
function nearest(parents: readonly string[], name: string): string[] {
  return parents.map((parent) => `${parent}/${name}`);
}

function parentsOf(key: string): string[] {
  const parents = [key];
  for (let at = key; at !== '';) {
    const scoped = at.lastIndexOf('/@');
    const slash = at.lastIndexOf('/');
    at = at.slice(0, scoped !== -1 && at.indexOf('/', scoped + 1) === slash ? scoped : slash);
    parents.push(at);
  }
  return parents;
}
