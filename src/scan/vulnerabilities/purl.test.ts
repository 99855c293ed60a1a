import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPurl, makePurl, parsePurl } from './purl.ts';

for (const [text, canonical] of [
  ['pkg:npm/%40angular/animation@12.3.1', 'pkg:npm/%40angular/animation@12.3.1'],
  ['pkg:npm/@angular/animation@12.3.1', 'pkg:npm/%40angular/animation@12.3.1'],
  ['PKG:NPM/FooBar@1.0', 'pkg:npm/foobar@1.0'],
  ['pkg:PyPI/Django_Allauth@1.0', 'pkg:pypi/django-allauth@1.0'],
  ['pkg://maven//org.apache//io@1.0', 'pkg:maven/org.apache/io@1.0'],
  [
    'pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?repository_url=repo.spring.io/release&packaging=sources',
    'pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1?packaging=sources&repository_url=repo.spring.io%2Frelease',
  ],
  [
    'pkg:GOLANG/google.golang.org/genproto@abc#/googleapis/../api/annotations/',
    'pkg:golang/google.golang.org/genproto@abc#googleapis/api/annotations',
  ],
  ['pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie', 'pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie'],
  [
    'pkg:rpm/fedora/curl@7.50.3-1.fc25?distro=fedora-25&arch=i386&empty=',
    'pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25',
  ],
  ['pkg:docker/cassandra@sha256:244fd47e07d1004f0aed9c', 'pkg:docker/cassandra@sha256:244fd47e07d1004f0aed9c'],
  ['pkg:github/Package-URL/Purl-Spec@244fd47e', 'pkg:github/package-url/purl-spec@244fd47e'],
  [
    'pkg:generic/openssl@1.1.10g?checksum=sha1:ad9503c3,sha256:41bf9088',
    'pkg:generic/openssl@1.1.10g?checksum=sha1:ad9503c3%2Csha256:41bf9088',
  ],
  ['pkg:cpan/drolsky/DateTime@1.55', 'pkg:cpan/DROLSKY/DateTime@1.55'],
  ['pkg:cpan/URI::PackageURL@2.11', 'pkg:cpan/URI::PackageURL@2.11'],
  ['pkg:pypi/A._b@1.0RC1', 'pkg:pypi/a-b@1.0rc1'],
  ['pkg:conan/bincrafters/cctz@2.3?channel=stable', 'pkg:conan/bincrafters/cctz@2.3?channel=stable'],
  ['pkg:huggingface/distilbert-base@043235D6', 'pkg:huggingface/distilbert-base@043235d6'],
  ['EnterpriseLibrary.Common@6.0.1304', undefined],
  ['pkg:EnterpriseLibrary.Common@6.0.1304', undefined],
  ['pkg%3Amaven/org.apache/io', undefined],
  ['pkg:n&g?inx/nginx@0.8.9', undefined],
  ['pkg:3nginx/nginx@0.8.9', undefined],
  ['pkg:maven/@1.3.4', undefined],
  ['pkg:maven/io@1.3.4', undefined],
  ['pkg:npm/a@1?in%20production=true', undefined],
  ['pkg:npm/a@1?a=1&a=2', undefined],
  ['pkg:npm/a@%zz', undefined],
  ['pkg:conan/cctz@2.3?channel=stable', undefined],
  ['pkg:conan/bincrafters/cctz@2.3', undefined],
  ['pkg:swift/Alamofire@5.4.3', undefined],
  ['pkg:cpan/Perl-Version@1.013', undefined],
  ['pkg:cpan/GDT/URI::PackageURL@2.11', undefined],
  ['pkg:cran/A3', undefined],
  ['pkg:cran/@1', undefined],
] as const)
  test(`purl \`${text.slice(0, 60)}\` ${canonical === undefined ? 'is refused' : 'is made canonical'}`, () => {
    const purl = parsePurl(text);
    assert.equal(purl && formatPurl(purl), canonical);
    if (canonical !== undefined) assert.deepEqual(parsePurl(canonical), purl);
  });

test('purl: what is made of any parts reads back as the same', () => {
  const part = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
    .filter((text) => !/^[./]*$|\//.test(text) && text.isWellFormed());
  fc.assert(
    fc.property(part, part, part, part, (namespace, name, version, value) => {
      const purl = makePurl({ type: 'generic', namespace, name, version, qualifiers: { key: value } })!;
      assert.deepEqual(parsePurl(formatPurl(purl)), purl);
    }),
    { numRuns: 200 },
  );
});
