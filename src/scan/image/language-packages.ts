// Packages of languages that lie installed in an image, each told by a file of its own kind.
import type { Location } from '#model/origin.ts';
import { readJson } from '#syntax/json.ts';
import { NUGET_DEPS } from '../vulnerabilities/lockfiles/nuget.ts';
import { isRecord, listOf, textOf } from '../vulnerabilities/lockfile.ts';
import { packageUrl } from '../vulnerabilities/package.ts';
import type { Package } from '../vulnerabilities/package.ts';
import type { Elf } from './elf.ts';
import { readGoBuild } from './go-binary.ts';
import { readJar } from './jar.ts';
import { readRustAudit } from './rust-binary.ts';

/** Name, version and licence of one installed package. */
interface Installed {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  readonly licence?: string;
  /** Further into the file. */
  readonly inside?: string;
}

type Read = (path: string, bytes: Uint8Array) => readonly Installed[];

const TEXT_MAX = 8 * 1024 * 1024;
const JAR_MAX = 512 * 1024 * 1024;

const KINDS: readonly { readonly matches: RegExp; readonly bytesMax: number; readonly read: Read }[] = [
  { matches: /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/, bytesMax: TEXT_MAX, read: readNode },
  { matches: /\.(?:dist-info\/METADATA|egg-info\/PKG-INFO|egg-info)$/, bytesMax: TEXT_MAX, read: readPython },
  { matches: /\.(?:jar|war|ear|sar|hpi)$/i, bytesMax: JAR_MAX, read: readJava },
  { matches: /(?:^|\/)specifications\/(?:default\/)?[^/]+\.gemspec$/, bytesMax: TEXT_MAX, read: readGem },
  { matches: /(?:^|\/)composer\/installed\.json$/, bytesMax: TEXT_MAX, read: readComposer },
  { matches: /\.deps\.json$/, bytesMax: TEXT_MAX, read: readDotnet },
];

/** Whether a file's content may tell of packages. @param size bytes */
export function tellsPackages(path: string, size: number): boolean {
  return KINDS.some((kind) => kind.matches.test(path) && size <= kind.bytesMax);
}

/** The packages that a file of an image tells of. @param layer digest */
export function languagePackages(
  path: string,
  bytes: Uint8Array,
  locate: (inside: string) => Location,
  layer: string,
): Package[] {
  const kind = KINDS.find((each) => each.matches.test(path));
  if (!kind || bytes.length > kind.bytesMax) return [];
  return asPackages(kind.read(path, bytes), locate, layer);
}

/** The modules and crates of which a program is made. */
export function programPackages(elf: Elf, locate: (inside: string) => Location, layer: string): Package[] {
  const go = readGoBuild(elf);
  if (go) {
    const modules = go.modules.filter(({ version }) => /^v\d/.test(version) && version !== 'v0.0.0');
    const found = modules.map(({ path, version }) => ({ ecosystem: 'Go', name: path, version }));
    return asPackages([{ ecosystem: 'Go', name: 'stdlib', version: go.go }, ...found], locate, layer);
  }
  return asPackages(
    (readRustAudit(elf) ?? []).map((crate) => ({ ecosystem: 'crates.io', ...crate })),
    locate,
    layer,
  );
}

function asPackages(found: readonly Installed[], locate: (inside: string) => Location, layer: string): Package[] {
  return found.flatMap(({ ecosystem, name, version, licence, inside = '' }) =>
    name === '' || version === '' || name.length > 300 || version.length > 200
      ? []
      : [
          {
            ecosystem,
            name,
            version,
            purl: packageUrl(ecosystem, name, version),
            location: locate(inside),
            layer,
            ...(licence !== undefined && licence !== '' && { licence }),
          },
        ],
  );
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function readNode(_: string, bytes: Uint8Array): Installed[] {
  const { value } = readJson('', decode(bytes), { depthMax: 50 });
  if (!isRecord(value)) return [];
  return [
    { ecosystem: 'npm', name: textOf(value['name']), version: textOf(value['version']), licence: textOf(value['license']) },
  ];
}

function readPython(_: string, bytes: Uint8Array): Installed[] {
  const text = decode(bytes);
  const head = text.slice(0, text.search(/\r?\n\r?\n|$(?![\s\S])/));
  const field = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const licence = field('License-Expression') || field('License');
  return [{ ecosystem: 'PyPI', name: field('Name'), version: field('Version'), licence: licence.length > 100 ? '' : licence }];
}

function readJava(path: string, bytes: Uint8Array): Installed[] {
  return readJar(path.slice(path.lastIndexOf('/') + 1), bytes).map(({ group, artifact, version, inside }) => ({
    ecosystem: 'Maven',
    name: `${group}:${artifact}`,
    version,
    inside,
  }));
}

function readGem(path: string, bytes: Uint8Array): Installed[] {
  const text = decode(bytes);
  const field = (name: string): string =>
    new RegExp(`^[ \\t]*s\\.${name}[ \\t]*=[ \\t]*["']([^"']+)["']`, 'm').exec(text)?.[1] ?? '';
  // The version may be an expression of Ruby; the file's name holds it in any case.
  const name = field('name');
  const file = path.slice(path.lastIndexOf('/') + 1, -'.gemspec'.length);
  const fromFile = name !== '' && file.startsWith(`${name}-`) ? file.slice(name.length + 1).split('-')[0]! : '';
  return [{ ecosystem: 'RubyGems', name, version: field('version') || fromFile }];
}

function readComposer(_: string, bytes: Uint8Array): Installed[] {
  const { value } = readJson('', decode(bytes));
  const packages = Array.isArray(value) ? value : isRecord(value) ? listOf(value['packages']) : [];
  return packages.flatMap((each) =>
    isRecord(each)
      ? [
          {
            ecosystem: 'Packagist',
            name: textOf(each['name']).toLowerCase(),
            version: textOf(each['version']).replace(/^v(?=\d)/, ''),
          },
        ]
      : [],
  );
}

function readDotnet(path: string, bytes: Uint8Array): Installed[] {
  return NUGET_DEPS.read(path, decode(bytes)).packages.map(({ name, version }) => ({ ecosystem: 'NuGet', name, version }));
}
