// Package databases in text: dpkg's status and apk's installed.
import type { Location } from '#model/origin.ts';
import { formatPurl, makePurl } from '../vulnerabilities/purl.ts';
import type { Package } from '../vulnerabilities/package.ts';
import type { Distribution } from './os-release.ts';

/** A package of a distribution before the distribution is known. */
export interface SystemPackage {
  readonly type: 'deb' | 'apk' | 'rpm';
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** Source package and its version, when they are called otherwise. */
  readonly source?: { readonly name: string; readonly version: string };
  readonly licence?: string;
  /** Of rpm, when it is not 0; part of the version too. */
  readonly epoch?: string;
}

const PACKAGES_MAX = 100_000;
const OWNED_MAX = 500_000;

/** Files of which it matters whether a package of the distribution put them there. */
export function mayHoldPackage(path: string): boolean {
  return /(?:METADATA|PKG-INFO|\.egg-info|\/package\.json|\.gemspec|\.jar)$/.test(path);
}

/** Reads `/var/lib/dpkg/status`, or one file of `status.d`. Packages that are removed with their settings left do not count. */
export function readDpkgStatus(text: string): SystemPackage[] {
  const packages: SystemPackage[] = [];
  for (const stanza of text.split(/\n\n+/)) {
    const fields = new Map<string, string>();
    for (const line of stanza.split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0 && !line.startsWith(' ')) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    const name = fields.get('Package');
    const version = fields.get('Version');
    const status = fields.get('Status');
    if (name === undefined || version === undefined || (status !== undefined && !status.endsWith(' installed'))) continue;
    const source = /^(\S+)(?: \(([^)]+)\))?$/.exec(fields.get('Source') ?? '');
    packages.push({
      type: 'deb',
      name,
      version,
      arch: fields.get('Architecture') ?? '',
      ...(source && { source: { name: source[1]!, version: source[2] ?? version } }),
    });
    if (packages.length >= PACKAGES_MAX) break;
  }
  return packages;
}

/** Reads `/lib/apk/db/installed`: packages, and those of their files that could be taken for packages of a language. */
export function readApkInstalled(text: string): { readonly packages: SystemPackage[]; readonly owned: string[] } {
  const packages: SystemPackage[] = [];
  const owned: string[] = [];
  let fields: Record<string, string> = {};
  let folder = '';
  const keep = (): void => {
    const { P: name, V: version, A: arch = '', o: origin, L: licence } = fields;
    if (name !== undefined && version !== undefined && packages.length < PACKAGES_MAX) {
      packages.push({
        type: 'apk',
        name,
        version,
        arch,
        ...(origin !== undefined && origin !== name && { source: { name: origin, version } }),
        ...(licence !== undefined && { licence }),
      });
    }
    fields = {};
  };
  for (const line of text.split('\n')) {
    if (line === '') keep();
    else if (line[1] !== ':') continue;
    else if (line[0] === 'F') folder = line.slice(2);
    else if (line[0] === 'R') {
      const path = `${folder}/${line.slice(2)}`;
      if (mayHoldPackage(path) && owned.length < OWNED_MAX) owned.push(path);
    } else if ('PVAoL'.includes(line[0]!)) fields[line[0]!] = line.slice(2);
  }
  keep();
  return { packages, owned };
}

/** As the rest of the scan knows packages. @param layer digest */
export function systemPackage(
  found: SystemPackage,
  distribution: Distribution | undefined,
  location: Location,
  layer: string,
): Package {
  const { type, name, version, arch, source, licence, epoch } = found;
  const id = distribution?.id ?? '';
  const distro = id === '' ? '' : distribution?.version ? `${id}-${distribution.version}` : id;
  const bare = epoch === undefined ? version : version.slice(version.indexOf(':') + 1);
  const purl = makePurl({ type, namespace: id, name, version: bare, qualifiers: { arch, distro, epoch: epoch ?? '' } });
  return {
    ecosystem: distribution?.ecosystem ?? '',
    name,
    version,
    purl: purl ? formatPurl(purl) : '',
    location,
    layer,
    ...(source && (source.name !== name || source.version !== version) && { source }),
    ...(licence !== undefined && { licence }),
  };
}
