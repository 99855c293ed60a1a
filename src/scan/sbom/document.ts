// A bill of materials as all formats are read to and written from.
import type { Diagnostic } from '#model/diagnostic.ts';
import type { Location } from '#model/origin.ts';
import { ecosystemOfType } from '../vulnerabilities/package.ts';
import type { Package } from '../vulnerabilities/package.ts';
import { formatPurl, parsePurl } from '../vulnerabilities/purl.ts';
import type { Purl } from '../vulnerabilities/purl.ts';
import { readOsRelease } from '../image/os-release.ts';

/** What the bill is about. */
export interface SbomSubject {
  readonly name: string;
  readonly version: string;
  readonly type: 'application' | 'container';
  /** Digest of an image. */
  readonly digest?: string;
}

export interface Sbom {
  readonly subject: SbomSubject;
  readonly packages: readonly Package[];
}

export interface SbomRead {
  /** `CycloneDX 1.6 JSON`; '' when it is none. */
  readonly format: string;
  readonly sbom: Sbom;
  readonly diagnostics: readonly Diagnostic[];
  /** Components without a package URL that could be matched. */
  readonly unmatched: number;
}

/** A component as formats name it, before it is a package. */
export interface Component {
  /** Key that dependencies use. */
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licence?: string;
  readonly hashes?: Package['hashes'];
  readonly line: number;
  readonly layer?: string;
  readonly dev?: boolean;
  readonly source?: Package['source'];
}

export const COMPONENTS_MAX = 500_000;

/** OSV's ecosystem of a package URL: by its type, for distributions by its `distro`, else by the distribution that the bill names. */
export function ecosystemOfPurl(purl: Purl, distribution = ''): string {
  const known = ecosystemOfType(purl.type);
  if (known !== '') return known;
  if (purl.type !== 'deb' && purl.type !== 'apk' && purl.type !== 'rpm') return '';
  const distro = purl.qualifiers['distro'] ?? '';
  const match = /^([a-z_]+(?:-[a-z]+)*)-v?(\d.*)$/.exec(distro) ?? /^([a-z_]+)$/.exec(purl.namespace);
  const version = match?.[2] ?? (/^v?\d/.test(distro) ? distro.replace(/^v/, '') : '');
  const found = readOsRelease(`ID=${match?.[1] ?? purl.namespace}\nVERSION_ID="${version}"`).ecosystem;
  return version === '' && distribution !== '' ? distribution : found;
}

/** Packages of components. @param edges what each needs, by ref @param direct refs that the subject itself needs; undefined when it is not told */
export function packagesOf(
  file: string,
  components: readonly Component[],
  edges: ReadonlyMap<string, readonly string[]>,
  direct: ReadonlySet<string> | undefined,
  distribution = '',
): { readonly packages: Package[]; readonly unmatched: number } {
  const purls = new Map<string, string>();
  for (const { ref, purl } of components) {
    const parsed = parsePurl(purl);
    if (parsed) purls.set(ref, identity(parsed));
  }
  const packages: Package[] = [];
  let unmatched = 0;
  for (const component of components) {
    const parsed = parsePurl(component.purl);
    if (!parsed) {
      unmatched++;
      continue;
    }
    const { type, namespace, qualifiers } = parsed;
    const system = type === 'deb' || type === 'apk' || type === 'rpm';
    const separator = type === 'maven' ? ':' : '/';
    const plain = system || namespace === '' ? parsed.name : `${namespace}${separator}${parsed.name}`;
    // The package URL may have lost the case that the name has in its ecosystem: npm's `JSONStream` and `jsonstream` are two.
    const name = component.name.toLowerCase() === plain.toLowerCase() ? component.name : plain;
    const bare = parsed.version === '' ? component.version : parsed.version;
    const version =
      type === 'rpm' && qualifiers['epoch'] !== undefined && !bare.includes(':') ? `${qualifiers['epoch']}:${bare}` : bare;
    const ecosystem = ecosystemOfPurl(parsed, distribution);
    const source = component.source ?? (system ? upstreamOf(qualifiers['upstream'] ?? '', version) : undefined);
    const location: Location = { file, line: component.line, column: 1 };
    const dependsOn = (edges.get(component.ref) ?? []).flatMap((ref) => purls.get(ref) ?? []);
    packages.push({
      ecosystem,
      name,
      version,
      purl: identity(parsed),
      location,
      ...(direct && { direct: direct.has(component.ref) }),
      ...(component.dev !== undefined && { dev: component.dev }),
      ...(dependsOn.length > 0 && { dependsOn }),
      ...(source && { source }),
      ...(component.licence !== undefined && component.licence !== '' && { licence: component.licence }),
      ...(component.hashes && component.hashes.length > 0 && { hashes: component.hashes }),
      ...(component.layer !== undefined && { layer: component.layer }),
    });
  }
  return { packages, unmatched };
}

/** Without what is told about the source: the same package whichever tool names it. */
function identity(purl: Purl): string {
  const { upstream: _, ...qualifiers } = purl.qualifiers;
  return formatPurl({ ...purl, qualifiers });
}

/** The source package in a qualifier, as Syft and others write it: `openssl`, `openssl@3.0.9-1`, `openssl-3.0.7-24.el9.src.rpm`. */
function upstreamOf(text: string, version: string): Package['source'] | undefined {
  const match = /^([^@]+)(?:@(.+))?$/.exec(text);
  return match ? { name: match[1]!.replace(/-[^-]+-[^-]+\.src\.rpm$/, ''), version: match[2] ?? version } : undefined;
}
