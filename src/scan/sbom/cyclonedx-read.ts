// CycloneDX 1.2 to 1.6 in, as JSON and as XML.
import type { Diagnostic } from '#model/diagnostic.ts';
import type { JsonRead } from '#syntax/json.ts';
import type { Validator } from '#syntax/json-schema.ts';
import { child, children, childText } from '#syntax/xml.ts';
import type { XmlElement } from '#syntax/xml.ts';
import { readOsRelease } from '../image/os-release.ts';
import { isRecord, listOf, recordOf, textOf } from '../vulnerabilities/lockfile.ts';
import type { RawRecord } from '../vulnerabilities/lockfile.ts';
import { COMPONENTS_MAX, packagesOf } from './document.ts';
import type { Component, SbomRead } from './document.ts';

const DEPTH_MAX = 50;
const VERSIONS = new Set(['1.0', '1.1', '1.2', '1.3', '1.4', '1.5', '1.6', '1.7']);
const HASHES: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  MD5: 'md5',
};

/** Whether a parsed JSON document says that it is CycloneDX. */
export function isCycloneDx(raw: unknown): raw is RawRecord {
  return (
    isRecord(raw) && (raw['bomFormat'] === 'CycloneDX' || (textOf(raw['specVersion']) !== '' && Array.isArray(raw['components'])))
  );
}

/**
 * Reads a document.
 * @param validate of the schema 1.6, which tells what is wrong with documents of that version
 */
export function readCycloneDxJson(file: string, json: JsonRead, validate: Validator | undefined): SbomRead {
  const root = recordOf(json.value);
  const version = textOf(root['specVersion']);
  const diagnostics: Diagnostic[] = [];
  const tell = (message: string): void =>
    void diagnostics.push({ code: 'sbom.invalid', severity: 'warning', message, location: { file, line: 1, column: 1 } });
  if (!VERSIONS.has(version)) tell('this version of CycloneDX is not known; it is read as 1.6');
  if (version === '1.6' && validate)
    for (const { pointer, message } of validate(json.value)) tell(`\`${pointer === '' ? '/' : pointer}\` ${message}`);
  const components: Component[] = [];
  const walk = (list: unknown, depth: number): void => {
    for (const raw of listOf(list)) {
      if (!isRecord(raw) || components.length >= COMPONENTS_MAX || depth > DEPTH_MAX) continue;
      components.push(jsonComponent(raw, json));
      walk(raw['components'], depth + 1);
    }
  };
  walk(root['components'], 0);
  const edges = new Map<string, readonly string[]>();
  for (const each of listOf(root['dependencies']))
    edges.set(textOf(recordOf(each)['ref']), listOf(recordOf(each)['dependsOn']).map(textOf));
  const subject = recordOf(recordOf(root['metadata'])['component']);
  const system = listOf(root['components'])
    .map(recordOf)
    .find((each) => each['type'] === 'operating-system');
  return finish(
    file,
    `CycloneDX ${version} JSON`,
    components,
    edges,
    {
      ref: textOf(subject['bom-ref']),
      name: textOf(subject['name']),
      version: textOf(subject['version']),
      type: textOf(subject['type']),
    },
    system ? { name: textOf(system['name']), version: textOf(system['version']) } : undefined,
    diagnostics,
  );
}

function jsonComponent(raw: RawRecord, json: JsonRead): Component {
  const licences = listOf(raw['licenses']).map((each) => {
    const { license, expression } = recordOf(each);
    return textOf(expression) || textOf(recordOf(license)['id']) || textOf(recordOf(license)['name']);
  });
  const properties = new Map(
    listOf(raw['properties']).map((each) => [textOf(recordOf(each)['name']), textOf(recordOf(each)['value'])]),
  );
  const layer =
    properties.get('aquasecurity:trivy:LayerDigest') ??
    properties.get('syft:location:0:layerID') ??
    properties.get('cullis:layer');
  const source = sourceOf(properties);
  const group = textOf(raw['group']);
  const name = textOf(raw['name']);
  return {
    ref: textOf(raw['bom-ref']) || textOf(raw['purl']),
    name: group === '' ? name : `${group}/${name}`,
    version: textOf(raw['version']),
    purl: textOf(raw['purl']),
    licence: licences.filter((each) => each !== '').join(' AND '),
    hashes: listOf(raw['hashes']).flatMap((each) => hashOf(textOf(recordOf(each)['alg']), textOf(recordOf(each)['content']))),
    line: json.lineOf(raw),
    ...(layer !== undefined && { layer }),
    ...(source && { source }),
    ...(raw['scope'] === 'excluded' && { dev: true }),
  };
}

/** The source package of a distribution's package, as this tool and Trivy tell it. */
function sourceOf(properties: ReadonlyMap<string, string>): Component['source'] | undefined {
  const own = /^(.+)@([^@]+)$/.exec(properties.get('cullis:source') ?? '');
  if (own) return { name: own[1]!, version: own[2]! };
  const part = (name: string): string => properties.get(`aquasecurity:trivy:Src${name}`) ?? '';
  if (part('Name') === '' || part('Version') === '') return undefined;
  const epoch = part('Epoch') === '' || part('Epoch') === '0' ? '' : `${part('Epoch')}:`;
  return { name: part('Name'), version: `${epoch}${part('Version')}${part('Release') === '' ? '' : `-${part('Release')}`}` };
}

function hashOf(algorithm: string, content: string): { readonly algorithm: string; readonly hex: string }[] {
  const name = HASHES[algorithm];
  return name !== undefined && /^[0-9a-fA-F]{32,128}$/.test(content) ? [{ algorithm: name, hex: content.toLowerCase() }] : [];
}

/** Reads a document in XML, whose root is `<bom>`. */
export function readCycloneDxXml(file: string, root: XmlElement, text: string): SbomRead {
  const version = /xmlns(?::\w+)?="http:\/\/cyclonedx\.org\/schema\/bom\/(\d+\.\d+)"/.exec(text.slice(0, 10_000))?.[1] ?? '';
  const components: Component[] = [];
  const walk = (parent: XmlElement | undefined, depth: number): void => {
    for (const element of children(parent, 'component')) {
      if (components.length >= COMPONENTS_MAX || depth > DEPTH_MAX) continue;
      components.push(xmlComponent(element));
      walk(child(element, 'components'), depth + 1);
    }
  };
  walk(child(root, 'components'), 0);
  const edges = new Map<string, readonly string[]>();
  for (const element of children(child(root, 'dependencies'), 'dependency'))
    edges.set(
      element.attributes['ref'] ?? '',
      children(element, 'dependency').map(({ attributes }) => attributes['ref'] ?? ''),
    );
  const subject = child(child(root, 'metadata'), 'component');
  const system = children(child(root, 'components'), 'component').find(
    ({ attributes }) => attributes['type'] === 'operating-system',
  );
  return finish(
    file,
    `CycloneDX ${version} XML`,
    components,
    edges,
    {
      ref: subject?.attributes['bom-ref'] ?? '',
      name: childText(subject, 'name'),
      version: childText(subject, 'version'),
      type: subject?.attributes['type'] ?? '',
    },
    system && { name: childText(system, 'name'), version: childText(system, 'version') },
    [],
  );
}

function xmlComponent(element: XmlElement): Component {
  const licences =
    child(element, 'licenses')?.children.map((each) =>
      each.name === 'expression' ? each.text : childText(each, 'id') || childText(each, 'name'),
    ) ?? [];
  const group = childText(element, 'group');
  const name = childText(element, 'name');
  return {
    ref: element.attributes['bom-ref'] ?? childText(element, 'purl'),
    name: group === '' ? name : `${group}/${name}`,
    version: childText(element, 'version'),
    purl: childText(element, 'purl'),
    licence: licences.filter((each) => each !== '').join(' AND '),
    hashes: children(child(element, 'hashes'), 'hash').flatMap(({ attributes, text }) => hashOf(attributes['alg'] ?? '', text)),
    line: element.line,
    ...(childText(element, 'scope') === 'excluded' && { dev: true }),
  };
}

function finish(
  file: string,
  format: string,
  components: readonly Component[],
  edges: ReadonlyMap<string, readonly string[]>,
  subject: { readonly ref: string; readonly name: string; readonly version: string; readonly type: string },
  system: { readonly name: string; readonly version: string } | undefined,
  diagnostics: readonly Diagnostic[],
): SbomRead {
  const direct = edges.get(subject.ref);
  const distribution = system ? readOsRelease(`ID=${system.name}\nVERSION_ID="${system.version}"`).ecosystem : '';
  const { packages, unmatched } = packagesOf(file, components, edges, direct && new Set(direct), distribution);
  const type = subject.type === 'container' ? 'container' : 'application';
  return { format, sbom: { subject: { name: subject.name, version: subject.version, type }, packages }, diagnostics, unmatched };
}
