import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageUrl } from '../vulnerabilities/package.ts';
import type { Package } from '../vulnerabilities/package.ts';
import { comparePackages } from './compare.ts';
import type { Sbom, SbomRead } from './document.ts';
import { mayBeSbom, readSbom } from './read.ts';
import { cycloneDxValidator, licenceIds } from './validate.ts';
import { writeCycloneDx, writeSpdx } from './write.ts';

const RULES = join(import.meta.dirname, '../../../rules/scan/cyclonedx');
const schema = (name: string): unknown => JSON.parse(readFileSync(join(RULES, name), 'utf8'));
const validate = cycloneDxValidator({
  bom: schema('bom-1.6.schema.json'),
  jsf: schema('jsf-0.82.schema.json'),
  spdx: schema('spdx.schema.json'),
});

const TOOL = { name: 'cullis', version: '1.0.0' };
const AT = '2026-11-24T00:00:00.000Z';
const LICENCES = licenceIds(schema('spdx.schema.json'));

function pkg(ecosystem: string, name: string, version: string, more: Partial<Package> = {}): Package {
  return {
    ecosystem,
    name,
    version,
    purl: packageUrl(ecosystem, name, version),
    location: { file: 'lock', line: 3, column: 1 },
    ...more,
  };
}

const A = pkg('npm', '@s/a', '1.0.0', {
  direct: true,
  dependsOn: ['pkg:npm/b@2.0.0'],
  licence: 'MIT',
  hashes: [{ algorithm: 'sha512', hex: 'ab'.repeat(64) }],
});
const B = pkg('npm', 'b', '2.0.0', { direct: false, licence: 'MIT OR Apache-2.0', dev: true });
const M = pkg('Maven', 'g.h:m', '3.0', { direct: true, licence: 'Something "odd"' });
const D: Package = {
  ...pkg('', 'libssl3', '3.0.9-1+b1'),
  ecosystem: 'Debian:12',
  purl: 'pkg:deb/debian/libssl3@3.0.9-1%2Bb1?arch=amd64&distro=debian-12',
  direct: false,
  source: { name: 'openssl', version: '3.0.9-1' },
};
const SBOM: Sbom = {
  subject: { name: 'shop', version: '1.0', type: 'container', digest: `sha256:${'0'.repeat(64)}` },
  packages: [M, B, A, D],
};

function told({ sbom }: SbomRead): string[] {
  return sbom.packages.map(({ ecosystem, name, version, direct, dev, dependsOn }) =>
    `${ecosystem} ${name} ${version} ${direct === true ? 'D' : ''}${dev === true ? 'd' : ''} ${(dependsOn ?? []).join(' ')}`.trimEnd(),
  );
}

test('CycloneDX: what is written is valid, and reads back as the same packages', () => {
  const text = writeCycloneDx(SBOM, TOOL, AT, LICENCES);
  assert.deepEqual(validate(JSON.parse(text)), []);
  const read = readSbom('bom.json', text, { validate })!;
  assert.deepEqual(read.diagnostics, []);
  assert.equal(read.format, 'CycloneDX 1.6 JSON');
  assert.deepEqual(told(read), [
    'Debian:12 libssl3 3.0.9-1+b1',
    'Maven g.h:m 3.0 D',
    'npm @s/a 1.0.0 D pkg:npm/b@2.0.0',
    'npm b 2.0.0 d',
  ]);
  assert.deepEqual(read.sbom.subject, { name: 'shop', version: '1.0', type: 'container' });
  assert.deepEqual(read.sbom.packages[2]!.hashes, A.hashes);
  assert.equal(read.sbom.packages[2]!.location.line > 1, true);
  assert.deepEqual([read.sbom.packages[0]!.source, read.sbom.packages[0]!.purl], [D.source, D.purl]);
});

test('SPDX: what is written reads back as the same packages', () => {
  const read = readSbom('x.spdx.json', writeSpdx(SBOM, TOOL, AT))!;
  assert.equal(read.format, 'SPDX 2.3 JSON');
  assert.deepEqual(told(read), [
    'Debian:12 libssl3 3.0.9-1+b1',
    'Maven g.h:m 3.0 D',
    'npm @s/a 1.0.0 D pkg:npm/b@2.0.0',
    'npm b 2.0.0',
  ]);
  assert.deepEqual([read.sbom.packages[0]!.source, read.sbom.packages[0]!.purl], [D.source, D.purl]);
});

test('the same packages give the same bytes in any order, other packages another serial number', () => {
  const other: Sbom = { ...SBOM, packages: [D, A, M, B, B] };
  for (const write of [writeCycloneDx, writeSpdx]) assert.equal(write(SBOM, TOOL, AT), write(other, TOOL, AT));
  const serial = (sbom: Sbom): string => JSON.parse(writeCycloneDx(sbom, TOOL, AT)).serialNumber as string;
  assert.match(serial(SBOM), /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(serial(SBOM), serial({ ...SBOM, packages: [A] }));
  assert.equal(
    serial(SBOM),
    (JSON.parse(writeCycloneDx(SBOM, TOOL, '2027-01-01T00:00:00Z')) as { serialNumber: string }).serialNumber,
  );
});

test('CycloneDX in XML, with nested components and dependencies', () => {
  const text = `<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata><component type="application" bom-ref="root"><name>app</name><version>1</version></component></metadata>
  <components>
    <component type="library" bom-ref="a"><group>g</group><name>a</name><version>1.0</version><purl>pkg:maven/g/a@1.0</purl>
      <licenses><license><id>MIT</id></license></licenses>
      <components><component type="library" bom-ref="b"><name>b</name><purl>pkg:maven/g/b@2.0</purl></component></components>
    </component>
    <component type="library" bom-ref="c"><name>c</name><version>1</version></component>
  </components>
  <dependencies><dependency ref="root"><dependency ref="a"/></dependency><dependency ref="a"><dependency ref="b"/></dependency></dependencies>
</bom>`;
  const read = readSbom('bom.xml', text)!;
  assert.deepEqual([read.format, read.unmatched, read.sbom.subject.name], ['CycloneDX 1.4 XML', 1, 'app']);
  assert.deepEqual(told(read), ['Maven g:a 1.0 D pkg:maven/g/b@2.0', 'Maven g:b 2.0']);
  assert.deepEqual(
    read.sbom.packages.map(({ location }) => location.line),
    [5, 7],
  );
});

test('SPDX as tag-value, with values over several lines', () => {
  const text = `SPDXVersion: SPDX-2.2
DocumentName: app
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-root

PackageName: app
SPDXID: SPDXRef-root
PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1.0
PackageComment: <text>PackageName: not
PackageName: one</text>
PackageLicenseConcluded: NOASSERTION
PackageLicenseDeclared: MIT
PackageChecksum: SHA256: ${'ab'.repeat(32)}
ExternalRef: PACKAGE-MANAGER purl pkg:npm/a@1.0
FileName: ./x
SPDXID: SPDXRef-file
PackageName: t
SPDXID: SPDXRef-t
ExternalRef: PACKAGE-MANAGER purl pkg:npm/t@2.0
Relationship: SPDXRef-root DEPENDS_ON SPDXRef-a
Relationship: SPDXRef-t DEV_DEPENDENCY_OF SPDXRef-root
`;
  const read = readSbom('x.spdx', text)!;
  assert.deepEqual([read.format, read.sbom.subject.name], ['SPDX 2.2 tag-value', 'app']);
  assert.deepEqual(told(read), ['npm a 1.0 D', 'npm t 2.0 Dd']);
  assert.equal(read.sbom.packages[0]!.licence, 'MIT');
});

test('bills of other tools: distributions by qualifier, upstream sources, epochs', () => {
  const component = (purl: string): object => ({ type: 'library', name: 'x', version: '0', purl, 'bom-ref': purl });
  const text = JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    components: [
      component('pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&upstream=openssl%403.0.9-1&distro=debian-12'),
      component('pkg:rpm/rocky/bash@5.1-6.el9?epoch=1&distro=rocky-9.3'),
      component('pkg:apk/alpine/musl@1.2.4-r1?distro=3.18.4'),
      { type: 'operating-system', name: 'debian', version: '12' },
    ],
  });
  const { sbom, unmatched } = readSbom('bom.json', text)!;
  assert.deepEqual(
    sbom.packages.map(({ ecosystem, version, source }) => [ecosystem, version, source?.name]),
    [
      ['Debian:12', '3.0.9-1', 'openssl'],
      ['Rocky Linux:9', '1:5.1-6.el9', undefined],
      ['Alpine:v3.18', '1.2.4-r1', undefined],
    ],
  );
  assert.equal(unmatched, 1);
});

test('faults of a document of 1.6 are told with their place; other texts are none', () => {
  const read = readSbom(
    'bom.json',
    '{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"a","version":3}],"extra":1}',
    { validate },
  )!;
  assert.deepEqual(read.diagnostics.map(({ message }) => message).toSorted(), [
    '`/` has the member `extra`, which is not known',
    '`/components/0/version` must be a text, not a number',
  ]);
  for (const text of ['', '{}', '[]', '<html/>', '{"bomFormat":"Other"}', 'PackageName: x', '{"spdxVersion":"SPDX-3.0"}', '\0'])
    assert.equal(readSbom('x.json', text), undefined, text);
  for (const [path, want] of [
    ['bom.json', true],
    ['a/sbom.cdx.json', true],
    ['x.spdx', true],
    ['my-app.spdx.json', true],
    ['bomb.json', false],
    ['package.json', false],
  ] as const)
    assert.equal(mayBeSbom(path), want, path);
});

test('names keep the case that their ecosystem tells apart', () => {
  const text = JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    components: [{ type: 'library', name: 'JSONStream', version: '1.3.5', purl: 'pkg:npm/JSONStream@1.3.5' }],
  });
  assert.deepEqual(
    readSbom('bom.json', text)!.sbom.packages.map(({ name, purl }) => [name, purl]),
    [['JSONStream', 'pkg:npm/jsonstream@1.3.5']],
  );
});

test('bills are compared by package', () => {
  const changes = comparePackages(
    { packages: [A, B, pkg('npm', 'x', '1.0.0')] },
    { packages: [pkg('npm', '@s/a', '1.1.0'), pkg('npm', 'b', '1.9.0'), pkg('npm', 'n', '1.0.0')] },
  );
  assert.deepEqual(
    changes.map((change) => `${change.package} ${change.direction}`),
    ['pkg:npm/@s/a newer', 'pkg:npm/b older', 'pkg:npm/n added', 'pkg:npm/x removed'],
  );
});
