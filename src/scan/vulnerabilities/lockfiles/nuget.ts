// NuGet: packages.lock.json, packages.config, *.deps.json (what was published), project files.
import { baseOf, folderOf } from '#base/paths.ts';
import { readJson } from '#syntax/json.ts';
import { childText, readXml } from '#syntax/xml.ts';
import type { XmlElement } from '#syntax/xml.ts';
import { PackageGraph } from '../graph.ts';
import { holds, integrityHashes, isRecord, treePath, named, problem, recordOf, textOf, unreadable } from '../lockfile.ts';
import type { LockfileContext, LockfileRead, LockfileReader } from '../lockfile.ts';

export const NUGET_LOCK = {
  name: 'NuGet lockfile',
  ecosystem: 'NuGet',
  matches: (path) => /^packages\.(?:[^/]+\.)?lock\.json$/.test(baseOf(path)),
  read(file, text): LockfileRead {
    const json = readJson(file, text);
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no lockfile', json.mistake?.location.line);
    const graph = new PackageGraph('NuGet', file);
    for (const [framework, packages] of Object.entries(recordOf(json.value['dependencies']))) {
      for (const [name, raw] of Object.entries(recordOf(packages))) {
        if (!isRecord(raw)) continue;
        const key = `${framework}/${name.toLowerCase()}`;
        const type = textOf(raw['type']);
        if (type === 'Direct') graph.root(key, false);
        const needs = Object.keys(recordOf(raw['dependencies'])).map((need) => `${framework}/${need.toLowerCase()}`);
        if (type === 'Project') for (const need of needs) graph.root(need, false);
        const hash = textOf(raw['contentHash']);
        graph.add(key, {
          name,
          version: type === 'Project' ? '' : textOf(raw['resolved']),
          line: json.lineOf(raw),
          needs,
          hashes: hash === '' ? [] : integrityHashes(`sha512-${hash}`),
        });
      }
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

export const NUGET_DEPS = {
  name: '.NET dependency file',
  ecosystem: 'NuGet',
  matches: (path) => path.endsWith('.deps.json'),
  read(file, text): LockfileRead {
    const json = readJson(file, text);
    if (!isRecord(json.value))
      return unreadable(file, json.mistake?.message ?? 'this is no dependency file', json.mistake?.location.line);
    const graph = new PackageGraph('NuGet', file);
    const libraries = recordOf(json.value['libraries']);
    const needsOf = new Map<string, string[]>();
    for (const target of Object.values(recordOf(json.value['targets']))) {
      for (const [key, raw] of Object.entries(recordOf(target))) {
        const needs = Object.entries(recordOf(recordOf(raw)['dependencies'])).map(
          ([name, version]) => `${name}/${textOf(version)}`,
        );
        needsOf.set(key, [...(needsOf.get(key) ?? []), ...needs]);
      }
    }
    for (const [key, raw] of Object.entries(libraries)) {
      const { type, sha512 } = recordOf(raw);
      const slash = key.lastIndexOf('/');
      const needs = needsOf.get(key) ?? [];
      if (type === 'project') for (const need of needs) graph.root(need, false);
      graph.add(key, {
        name: key.slice(0, slash),
        version: type === 'package' ? key.slice(slash + 1) : '',
        line: json.lineOf(raw as object),
        needs,
        hashes: integrityHashes(sha512),
      });
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

export const NUGET_CONFIG = {
  name: 'packages.config',
  ecosystem: 'NuGet',
  matches: named('packages.config'),
  read(file, text): LockfileRead {
    const { root, mistake } = readXml(file, text);
    if (!root) return unreadable(file, mistake!.message, mistake!.location.line);
    const graph = new PackageGraph('NuGet', file);
    for (const { name: tag, attributes, line } of root.children) {
      if (tag !== 'package') continue;
      const { id = '', version = '', developmentDependency } = attributes;
      graph.add(id.toLowerCase(), { name: id, version, line, ...(developmentDependency === 'true' && { dev: true }) });
    }
    return { packages: graph.packages(), diagnostics: [], exact: true };
  },
} satisfies LockfileReader;

const CENTRAL = 'Directory.Packages.props';

export const NUGET_PROJECT = {
  name: '.NET project file',
  ecosystem: 'NuGet',
  matches: (path) => /\.(?:cs|fs|vb)proj$/.test(path),
  read(file, text, context): LockfileRead {
    const { root, mistake } = readXml(file, text);
    if (!root) return unreadable(file, mistake!.message, mistake!.location.line);
    // The lockfile beside it says all of this exactly.
    if (holds(context, treePath(folderOf(file), 'packages.lock.json'))) return { packages: [], diagnostics: [], exact: true };
    const references = [...elements(root, 'PackageReference')];
    const central = centralVersions(file, context);
    const properties = new Map<string, string>();
    for (const group of root.children)
      if (group.name === 'PropertyGroup') for (const each of group.children) properties.set(each.name, each.text);
    const graph = new PackageGraph('NuGet', file);
    for (const element of references) {
      const name = element.attributes['Include'] ?? '';
      const written = element.attributes['VersionOverride'] ?? element.attributes['Version'] ?? childText(element, 'Version');
      const version = written === '' ? (central.get(name.toLowerCase()) ?? '') : written;
      const plain = version
        .replace(/\$\((\w+)\)/g, (_, key: string) => (properties.get(key) ?? '').slice(0, 200))
        .replace(/^\[([^,\]]+)\]$/, '$1');
      graph.add(name.toLowerCase(), { name, version: /^\d[\w.+-]*$/.test(plain) ? plain : '', line: element.line, direct: true });
    }
    const first = references[0];
    const diagnostics = first
      ? [
          {
            ...problem(
              file,
              first.line,
              `\`${baseOf(file)}\` names direct packages and lowest versions, and there is no packages.lock.json: not analysed exactly`,
              'set `RestorePackagesWithLockFile` to `true` and commit packages.lock.json',
            ),
            code: 'lockfile.missing',
          },
        ]
      : [];
    return { packages: graph.packages(), diagnostics, exact: references.length === 0 };
  },
} satisfies LockfileReader;

function* elements(root: XmlElement, name: string): Generator<XmlElement> {
  for (const each of root.children) {
    if (each.name === name) yield each;
    yield* elements(each, name);
  }
}

/** Versions that a folder above keeps for all projects. */
function centralVersions(file: string, context: LockfileContext): ReadonlyMap<string, string> {
  for (let folder = folderOf(file); ; folder = folderOf(folder)) {
    const text = context.text(treePath(folder, CENTRAL));
    const root = text === undefined ? undefined : readXml(CENTRAL, text).root;
    if (root)
      return new Map(
        [...elements(root, 'PackageVersion')].map(({ attributes }) => [
          (attributes['Include'] ?? '').toLowerCase(),
          attributes['Version'] ?? '',
        ]),
      );
    if (folder === '') return new Map();
  }
}
