// SPDX 2.2 and 2.3 in, as JSON and as tag-value (https://spdx.github.io/spdx-spec/v2.3/).
import type { JsonRead } from '#syntax/json.ts';
import { isRecord, listOf, recordOf, textOf } from '../vulnerabilities/lockfile.ts';
import type { RawRecord } from '../vulnerabilities/lockfile.ts';
import { COMPONENTS_MAX, packagesOf } from './document.ts';
import type { Component, SbomRead } from './document.ts';

const HASHES: Readonly<Record<string, string>> = {
  SHA1: 'sha1',
  SHA256: 'sha256',
  SHA384: 'sha384',
  SHA512: 'sha512',
  MD5: 'md5',
};
/** `A depends on B`, or the same told from B's side. */
const FORWARD = new Set(['DEPENDS_ON', 'CONTAINS', 'DYNAMIC_LINK', 'STATIC_LINK', 'HAS_PREREQUISITE']);
const BACKWARD = new Set([
  'DEPENDENCY_OF',
  'CONTAINED_BY',
  'PREREQUISITE_FOR',
  'RUNTIME_DEPENDENCY_OF',
  'BUILD_DEPENDENCY_OF',
  'OPTIONAL_DEPENDENCY_OF',
]);
const DEVELOPMENT = new Set(['DEV_DEPENDENCY_OF', 'TEST_DEPENDENCY_OF', 'DEV_TOOL_OF', 'TEST_TOOL_OF', 'BUILD_TOOL_OF']);

interface Relationship {
  readonly from: string;
  readonly type: string;
  readonly to: string;
}

/** Whether a parsed JSON document says that it is SPDX 2. */
export function isSpdx(raw: unknown): raw is RawRecord {
  return isRecord(raw) && textOf(raw['spdxVersion']).startsWith('SPDX-2.');
}

export function readSpdxJson(file: string, json: JsonRead): SbomRead {
  const root = recordOf(json.value);
  const components = listOf(root['packages'])
    .slice(0, COMPONENTS_MAX)
    .map(recordOf)
    .map((raw): Component => {
      const purl = listOf(raw['externalRefs'])
        .map(recordOf)
        .find((each) => each['referenceType'] === 'purl');
      return {
        ref: textOf(raw['SPDXID']),
        name: textOf(raw['name']),
        version: textOf(raw['versionInfo']),
        purl: textOf(purl?.['referenceLocator']),
        licence: licenceOf(textOf(raw['licenseConcluded'])) || licenceOf(textOf(raw['licenseDeclared'])),
        hashes: listOf(raw['checksums']).flatMap((each) =>
          hashOf(textOf(recordOf(each)['algorithm']), textOf(recordOf(each)['checksumValue'])),
        ),
        line: json.lineOf(raw),
      };
    });
  const relationships = listOf(root['relationships'])
    .map(recordOf)
    .map((each): Relationship => ({
      from: textOf(each['spdxElementId']),
      type: textOf(each['relationshipType']),
      to: textOf(each['relatedSpdxElement']),
    }));
  const described = listOf(root['documentDescribes']).map((to): Relationship => ({
    from: 'SPDXRef-DOCUMENT',
    type: 'DESCRIBES',
    to: textOf(to),
  }));
  return finish(file, `SPDX ${textOf(root['spdxVersion']).slice(5)} JSON`, textOf(root['name']), components, [
    ...relationships,
    ...described,
  ]);
}

/** Reads a document whose lines are `Tag: value`; `<text>` values may go over several lines. */
export function readSpdxTagValue(file: string, text: string): SbomRead {
  const components: Component[] = [];
  const relationships: Relationship[] = [];
  let version = '';
  let name = '';
  let current: { -readonly [Key in keyof Component]: Component[Key] } | undefined;
  let inPackage = false;
  let inText = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (inText) {
      inText = !line.includes('</text>');
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0 || line.startsWith('#')) continue;
    const tag = line.slice(0, colon).trim();
    const value = line.slice(colon + 1).trim();
    inText = value.startsWith('<text>') && !value.includes('</text>');
    if (tag === 'SPDXVersion') version = value.slice(5);
    else if (tag === 'DocumentName') name = value;
    else if (tag === 'PackageName' && components.length < COMPONENTS_MAX) {
      current = { ref: '', name: value, version: '', purl: '', line: index + 1 };
      components.push(current);
      inPackage = true;
    } else if (tag === 'FileName' || tag === 'SnippetSPDXID' || tag === 'LicenseID') inPackage = false;
    else if (tag === 'Relationship') {
      const [from = '', type = '', to = ''] = value.split(/\s+/);
      relationships.push({ from, type, to });
    } else if (current && inPackage) packageTag(current, tag, value);
  }
  return finish(file, `SPDX ${version} tag-value`, name, components, relationships);
}

function packageTag(current: { -readonly [Key in keyof Component]: Component[Key] }, tag: string, value: string): void {
  if (tag === 'SPDXID') current.ref = value;
  else if (tag === 'PackageVersion') current.version = value;
  else if (tag === 'PackageLicenseConcluded' || tag === 'PackageLicenseDeclared') current.licence ||= licenceOf(value);
  else if (tag === 'PackageChecksum') {
    const [algorithm = '', hex = ''] = value.split(/:\s*/);
    current.hashes = [...(current.hashes ?? []), ...hashOf(algorithm, hex)];
  } else if (tag === 'ExternalRef') {
    const [, type, locator] = value.split(/\s+/);
    if (type === 'purl' && locator !== undefined) current.purl = locator;
  }
}

function licenceOf(text: string): string {
  return text === 'NOASSERTION' || text === 'NONE' ? '' : text;
}

function hashOf(algorithm: string, content: string): { readonly algorithm: string; readonly hex: string }[] {
  const name = HASHES[algorithm];
  return name !== undefined && /^[0-9a-fA-F]{32,128}$/.test(content) ? [{ algorithm: name, hex: content.toLowerCase() }] : [];
}

function finish(
  file: string,
  format: string,
  name: string,
  components: readonly Component[],
  relationships: readonly Relationship[],
): SbomRead {
  const edges = new Map<string, string[]>();
  const dev = new Set<string>();
  const described: string[] = [];
  const add = (from: string, to: string): void => {
    const list = edges.get(from);
    if (list) list.push(to);
    else edges.set(from, [to]);
  };
  for (const { from, type, to } of relationships) {
    if (type === 'DESCRIBES') described.push(to);
    else if (type === 'DESCRIBED_BY') described.push(from);
    else if (FORWARD.has(type)) add(from, to);
    else if (BACKWARD.has(type)) add(to, from);
    else if (DEVELOPMENT.has(type)) {
      add(to, from);
      dev.add(from);
    }
  }
  const root = described.length === 1 ? components.find(({ ref }) => ref === described[0]) : undefined;
  // The thing that is described is what the bill is about, unless it is all that there is.
  const rest = root && components.length > 1 ? components.filter((each) => each !== root) : components;
  const direct = root ? edges.get(root.ref) : undefined;
  const marked = rest.map((each) => (dev.has(each.ref) ? { ...each, dev: true } : each));
  const { packages, unmatched } = packagesOf(file, marked, edges, direct && new Set(direct));
  return {
    format,
    sbom: { subject: { name: root?.name ?? name, version: root?.version ?? '', type: 'application' }, packages },
    diagnostics: [],
    unmatched,
  };
}
