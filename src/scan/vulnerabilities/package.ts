// What a package is to the scan, wherever it was found: lockfile, manifest, image or bill of materials.
import type { Location } from '#model/origin.ts';
import { formatPurl, makePurl } from './purl.ts';

/** A package at one version. */
export interface Package {
  /** OSV's name, with the distribution's release where there is one: `npm`, `PyPI`, `Debian:12`; '' when OSV has none. */
  readonly ecosystem: string;
  /** As the ecosystem writes it: `@scope/name`, `group:artifact`, `vendor/name`. */
  readonly name: string;
  readonly version: string;
  /** Canonical package URL; identity of the package. */
  readonly purl: string;
  /** Where it is written; for packages of an image the file inside it. */
  readonly location: Location;
  /** Asked for by the project itself, not only by one of its dependencies; undefined when the format does not tell. */
  readonly direct?: boolean;
  /** Needed only to develop, build or test. */
  readonly dev?: boolean;
  /** Package URLs from a direct dependency to this one, both included; the shortest way. */
  readonly path?: readonly string[];
  /** Package URLs of what it needs itself. */
  readonly dependsOn?: readonly string[];
  /** Distributions: the source package that advisories are about, when it is called or numbered otherwise. */
  readonly source?: { readonly name: string; readonly version: string };
  /** SPDX expression or what the package calls its licence. */
  readonly licence?: string;
  /** `sha256` and lower-case hex. */
  readonly hashes?: readonly { readonly algorithm: string; readonly hex: string }[];
  /** Digest of the layer it came with. */
  readonly layer?: string;
}

/** Type of package URL of the ecosystems that lockfiles are about. */
const PURL_TYPES: Readonly<Record<string, string>> = {
  npm: 'npm',
  PyPI: 'pypi',
  Maven: 'maven',
  Go: 'golang',
  'crates.io': 'cargo',
  NuGet: 'nuget',
  Packagist: 'composer',
  RubyGems: 'gem',
  Hex: 'hex',
  Pub: 'pub',
  CRAN: 'cran',
  Hackage: 'hackage',
};

const SEPARATED: ReadonlySet<string> = new Set(['npm', 'Packagist', 'Go']);

/** Canonical package URL of a package of a language's ecosystem. @param ecosystem a key of the table above; others are `generic` */
export function packageUrl(ecosystem: string, name: string, version: string, qualifiers: Record<string, string> = {}): string {
  const type = PURL_TYPES[ecosystem] ?? 'generic';
  const at = ecosystem === 'Maven' ? name.indexOf(':') : SEPARATED.has(ecosystem) ? name.lastIndexOf('/') : -1;
  const parts = { type, namespace: at === -1 ? '' : name.slice(0, at), name: name.slice(at + 1), version, qualifiers };
  const purl = makePurl(parts) ?? makePurl({ ...parts, type: 'generic' });
  return purl ? formatPurl(purl) : `pkg:generic/${encodeURIComponent(name)}@${encodeURIComponent(version)}`;
}

const CASELESS: ReadonlySet<string> = new Set(['NuGet', 'Packagist', 'Hex', 'Go']);

/** The name by which an ecosystem's index finds a package. PEP 503 for Python; NuGet, Composer, Hex and package URLs of Go do not tell case apart. */
export function canonicalName(ecosystem: string, name: string): string {
  const base = ecosystem.split(':')[0]!;
  if (base === 'PyPI') return name.toLowerCase().replace(/[-_.]+/g, '-');
  return CASELESS.has(base) ? name.toLowerCase() : name;
}

/** Ecosystem of OSV for a type of package URL; '' when there is none. Distributions have none without their release. */
export function ecosystemOfType(type: string): string {
  for (const [ecosystem, known] of Object.entries(PURL_TYPES)) if (known === type) return ecosystem;
  return '';
}
