// Bills of materials out: CycloneDX 1.6 and SPDX 2.3, both JSON, both the same bytes for the same packages and time.
import type { Package } from '../vulnerabilities/package.ts';
import { formatPurl, parsePurl } from '../vulnerabilities/purl.ts';
import type { Sbom } from './document.ts';
import { contentHash, inOrder, serialNumber } from './serial.ts';

export interface SbomTool {
  readonly name: string;
  readonly version: string;
}

const CYCLONEDX_HASHES: Readonly<Record<string, string>> = {
  md5: 'MD5',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};
const SPDX_HASHES: Readonly<Record<string, string>> = {
  md5: 'MD5',
  sha1: 'SHA1',
  sha256: 'SHA256',
  sha384: 'SHA384',
  sha512: 'SHA512',
};
const ROOT = 'root';

/**
 * CycloneDX 1.6.
 * @param at RFC 3339: when it was made
 * @param licences ids of the SPDX list; others are written as names
 */
export function writeCycloneDx(sbom: Sbom, tool: SbomTool, at: string, licences: ReadonlySet<string> = new Set()): string {
  const { subject } = sbom;
  const packages = inOrder(sbom.packages);
  const known = new Set(packages.map(({ purl }) => purl));
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${serialNumber(sbom)}`,
    version: 1,
    metadata: {
      timestamp: at,
      tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
      component: {
        'bom-ref': ROOT,
        type: subject.type,
        name: subject.name === '' ? 'unnamed' : subject.name,
        ...(subject.version !== '' && { version: subject.version }),
        ...(subject.digest !== undefined &&
          /^sha256:[0-9a-f]{64}$/.test(subject.digest) && { hashes: [{ alg: 'SHA-256', content: subject.digest.slice(7) }] }),
      },
    },
    components: packages.map((each) => component(each, licences)),
    dependencies: [
      { ref: ROOT, dependsOn: rootNeeds(packages) },
      ...packages.map(({ purl, dependsOn }) => ({
        ref: purl,
        dependsOn: [...new Set(dependsOn ?? [])].filter((need) => known.has(need) && need !== purl).toSorted(),
      })),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** What the subject needs itself; where nothing is known about that, all of them. */
function rootNeeds(packages: readonly Package[]): string[] {
  const told = packages.some(({ direct }) => direct === true);
  return packages.filter(({ direct }) => !told || direct !== false).map(({ purl }) => purl);
}

function component(found: Package, licences: ReadonlySet<string>): unknown {
  const purl = parsePurl(found.purl);
  const hashes = (found.hashes ?? []).filter(({ algorithm }) => CYCLONEDX_HASHES[algorithm] !== undefined);
  const properties = [
    ...(found.location.file === '' ? [] : [{ name: 'cullis:file', value: found.location.file }]),
    ...(found.layer === undefined || found.layer === '' ? [] : [{ name: 'cullis:layer', value: found.layer }]),
    ...(found.source === undefined ? [] : [{ name: 'cullis:source', value: `${found.source.name}@${found.source.version}` }]),
  ];
  return {
    'bom-ref': found.purl,
    type: 'library',
    ...(purl && purl.namespace !== '' && { group: purl.namespace }),
    name: purl?.name ?? found.name,
    version: purl?.version ?? found.version,
    ...(found.dev === true && { scope: 'excluded' }),
    ...(hashes.length > 0 && {
      hashes: hashes.map(({ algorithm, hex }) => ({ alg: CYCLONEDX_HASHES[algorithm]!, content: hex })),
    }),
    ...(found.licence !== undefined && { licenses: [licence(found.licence, licences)] }),
    purl: found.purl,
    ...(properties.length > 0 && { properties }),
  };
}

function licence(text: string, licences: ReadonlySet<string>): unknown {
  if (licences.has(text)) return { license: { id: text } };
  const words = text
    .replace(/[()]/g, ' ')
    .split(/\s+(?:AND|OR|WITH)\s+/)
    .map((word) => word.trim());
  if (words.length > 1 && words.every((word) => licences.has(word))) return { expression: text };
  return { license: { name: text } };
}

/** SPDX 2.3. @param at RFC 3339, to the second */
export function writeSpdx(sbom: Sbom, tool: SbomTool, at: string): string {
  const packages = inOrder(sbom.packages);
  const ids = new Map(packages.map((each, i) => [each.purl, `SPDXRef-Package-${i + 1}`]));
  const name = sbom.subject.name === '' ? 'unnamed' : sbom.subject.name;
  const relationships = [
    { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: 'SPDXRef-Root' },
    ...rootNeeds(packages).map((purl) => ({
      spdxElementId: 'SPDXRef-Root',
      relationshipType: 'DEPENDS_ON',
      relatedSpdxElement: ids.get(purl)!,
    })),
    ...packages.flatMap(({ purl, dependsOn }) =>
      [...new Set(dependsOn ?? [])]
        .toSorted()
        .flatMap((need) =>
          ids.has(need) && need !== purl
            ? [{ spdxElementId: ids.get(purl)!, relationshipType: 'DEPENDS_ON', relatedSpdxElement: ids.get(need)! }]
            : [],
        ),
    ),
  ];
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `https://spdx.org/spdxdocs/cullis-${contentHash(sbom).slice(0, 32)}`,
    creationInfo: { created: at.replace(/\.\d+Z$/, 'Z'), creators: [`Tool: ${tool.name}-${tool.version}`] },
    packages: [
      {
        SPDXID: 'SPDXRef-Root',
        name,
        ...(sbom.subject.version !== '' && { versionInfo: sbom.subject.version }),
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        primaryPackagePurpose: sbom.subject.type === 'container' ? 'CONTAINER' : 'APPLICATION',
      },
      ...packages.map((each) => spdxPackage(each, ids.get(each.purl)!)),
    ],
    relationships,
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function spdxPackage(found: Package, id: string): unknown {
  const checksums = (found.hashes ?? []).flatMap(({ algorithm, hex }) =>
    SPDX_HASHES[algorithm] === undefined ? [] : [{ algorithm: SPDX_HASHES[algorithm], checksumValue: hex }],
  );
  return {
    SPDXID: id,
    name: found.name,
    versionInfo: found.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared:
      found.licence !== undefined &&
      /^[\w.+-]+(?:\s+(?:AND|OR|WITH)\s+[\w.+-]+)*$/.test(found.licence) &&
      !found.licence.includes(' and ')
        ? found.licence
        : 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    ...(checksums.length > 0 && { checksums }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: withUpstream(found) }],
  };
}

/** SPDX has no place for the source package of a distribution's package; tools tell it by this qualifier. */
function withUpstream({ purl, source }: Package): string {
  const parsed = source && parsePurl(purl);
  return parsed
    ? formatPurl({ ...parsed, qualifiers: { ...parsed.qualifiers, upstream: `${source.name}@${source.version}` } })
    : purl;
}
