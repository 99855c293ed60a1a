import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import type { ImageConfig, ImageFile } from '#model/image.ts';
import { elfOf } from '../../../test/fakes/elf.ts';
import { berkeleyDatabase, ndbDatabase, rpmHeader, sqliteDatabase } from '../../../test/fakes/rpm.ts';
import { zipOf } from '../../../test/fakes/zip.ts';
import { findingOf } from '../rule.ts';
import { readElf } from './elf.ts';
import { ImageInspector } from './inspect.ts';
import type { ImageReport } from './inspect.ts';
import { readOsRelease } from './os-release.ts';
import { rpmBlobs } from './rpm-database.ts';
import { readRpmHeader } from './rpm-header.ts';
import { IMAGE_CONTENT_RULES } from '../rules/image-content.ts';

const CONFIG: ImageConfig = {
  os: 'linux',
  architecture: 'amd64',
  created: '',
  user: '65532',
  exposedPorts: [],
  env: [],
  entrypoint: [],
  cmd: [],
  workingDir: '',
  labels: {},
  healthcheck: false,
  volumes: [],
  history: [],
};

type Content = string | Uint8Array | { readonly link: string } | { readonly bytes: Uint8Array; readonly mode: number };

function inspect(files: Readonly<Record<string, Content>>, config: Partial<ImageConfig> = {}): ImageReport {
  const inspector = new ImageInspector({
    reference: 'shop:1',
    digest: 'sha256:x',
    config: { ...CONFIG, ...config },
    layers: [{ digest: 'sha256:layer', mediaType: '', size: 0, createdBy: '', open: async function* () {} }],
  });
  for (const [path, content] of Object.entries(files)) {
    const base: ImageFile = {
      path,
      type: 'file',
      target: '',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 0,
      bytes: undefined,
      layer: 0,
      hidden: false,
    };
    if (typeof content === 'object' && 'link' in content) inspector.take({ ...base, type: 'symlink', target: content.link });
    else {
      const [bytes, mode] =
        typeof content === 'object' && 'mode' in content ? [content.bytes, content.mode] : [Buffer.from(content), 0o644];
      const file = { ...base, mode, size: bytes.length };
      assert.equal(inspector.wants(file), true, path);
      inspector.take({ ...file, bytes });
    }
  }
  return inspector.finish();
}

function names({ packages }: ImageReport): string[] {
  return packages.map(
    ({ ecosystem, name, version, source }) =>
      `${ecosystem} ${name} ${version}${source ? ` (${source.name} ${source.version})` : ''}`,
  );
}

const DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n';
const STATUS = `Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.9-1)
Version: 3.0.9-1+b1
Description: text
 Version: 9.9

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: bash
Status: install ok installed
Version: 5.2-2
`;

test("Debian: dpkg's status and distroless status.d, with sources; what is removed does not count", () => {
  const report = inspect({
    'usr/lib/os-release': DEBIAN,
    'var/lib/dpkg/status': STATUS,
    'var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 2024a-0\n',
  });
  assert.deepEqual(names(report), [
    'Debian:12 libssl3 3.0.9-1+b1 (openssl 3.0.9-1)',
    'Debian:12 bash 5.2-2',
    'Debian:12 tzdata 2024a-0',
  ]);
  assert.equal(report.packages[0]!.purl, 'pkg:deb/debian/libssl3@3.0.9-1%2Bb1?arch=amd64&distro=debian-12');
  assert.deepEqual(
    [report.packages[0]!.location.file, report.packages[0]!.layer],
    ['shop:1!/var/lib/dpkg/status', 'sha256:layer'],
  );
});

test('Alpine: installed packages with their origin; packages of languages that it owns are not told twice', () => {
  const installed =
    'P:libcrypto3\nV:3.1.4-r0\nA:x86_64\no:openssl\nL:Apache-2.0\n\nP:py3-requests\nV:2.31.0-r0\nF:usr/lib/python3.11/site-packages/requests-2.31.0.dist-info\nR:METADATA\n\n';
  const metadata = 'Metadata-Version: 2.1\nName: requests\nVersion: 2.31.0\nLicense: Apache 2.0\n\nName: not-me\n';
  const report = inspect({
    'etc/os-release': 'ID=alpine\nVERSION_ID=3.18.4\n',
    'lib/apk/db/installed': installed,
    'usr/lib/python3.11/site-packages/requests-2.31.0.dist-info/METADATA': metadata,
    'app/venv/lib/requests-2.31.0.dist-info/METADATA': metadata,
  });
  assert.deepEqual(names(report), [
    'Alpine:v3.18 libcrypto3 3.1.4-r0 (openssl 3.1.4-r0)',
    'Alpine:v3.18 py3-requests 2.31.0-r0',
    'PyPI requests 2.31.0',
  ]);
});

const OPENSSL = rpmHeader({
  1000: 'openssl-libs',
  1001: '3.0.7',
  1002: '24.el9',
  1003: 1,
  1022: 'x86_64',
  1044: 'openssl-3.0.7-24.el9.src.rpm',
  1014: 'ASL 2.0',
  1117: ['METADATA'],
  1118: ['/usr/lib/python3.9/site-packages/x-1.dist-info/'],
  1116: 0,
});
const LONG = rpmHeader({ 1000: 'bash', 1001: '5.1', 1002: '6.el9', 1014: 'x'.repeat(20_000) });
const KEY = rpmHeader({ 1000: 'gpg-pubkey', 1001: '1', 1002: '1' });

const RPM: readonly (readonly [string, Buffer])[] = [
  ['usr/lib/sysimage/rpm/rpmdb.sqlite', sqliteDatabase([OPENSSL, KEY, LONG])],
  ['var/lib/rpm/Packages.db', ndbDatabase([OPENSSL, KEY, LONG])],
  ['var/lib/rpm/Packages', berkeleyDatabase([OPENSSL, KEY, LONG], false)],
  ['var/lib/rpm/Packages', berkeleyDatabase([OPENSSL, KEY, LONG], true)],
];

for (const [i, [path, bytes]] of RPM.entries())
  test(`rpm: ${path} (${i}) gives packages with epoch and source, and what they own`, () => {
    const report = inspect({
      'etc/os-release': 'ID="rocky"\nVERSION_ID="9.3"\n',
      [path]: bytes,
      'usr/lib/python3.9/site-packages/x-1.dist-info/METADATA': 'Name: x\nVersion: 1\n',
    });
    assert.deepEqual(names(report).slice(0, 2), [
      'Rocky Linux:9 openssl-libs 1:3.0.7-24.el9 (openssl 1:3.0.7-24.el9)',
      'Rocky Linux:9 bash 5.1-6.el9',
    ]);
    assert.equal(report.packages[0]!.purl, 'pkg:rpm/rocky/openssl-libs@3.0.7-24.el9?arch=x86_64&distro=rocky-9.3&epoch=1');
    assert.equal(report.packages.length, i === 0 ? 302 : 2);
  });

test('rpm: damaged databases give what is left, in time', () => {
  for (const [, bytes] of RPM)
    fc.assert(
      fc.property(fc.nat(Math.min(bytes.length - 1, 9000)), fc.nat(255), (at, value) => {
        const copy = Buffer.from(bytes);
        copy[at] = value;
        for (const blob of rpmBlobs(copy) ?? []) readRpmHeader(blob);
      }),
      { numRuns: 60 },
    );
});

const MODULES =
  'path\texample.org/app\nmod\texample.org/app\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x\ndep\tgithub.com/old/c\tv1.0.0\n=>\tgithub.com/new/c\tv1.1.0\th1:y\n';

function goInfo(): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  const head = Buffer.alloc(32);
  head.set([0xff, ...Buffer.from(' Go buildinf:')]);
  head[14] = 8;
  head[15] = 2;
  return Buffer.concat([head, text('go1.21.3'), text(`${'0'.repeat(16)}${MODULES}${'0'.repeat(16)}`)]);
}

const LANGUAGES: readonly (readonly [path: string, content: Content, want: readonly string[]])[] = [
  ['app/node_modules/@s/a/package.json', '{"name":"@s/a","version":"1.0.0"}', ['npm @s/a 1.0.0']],
  ['usr/lib/x.egg-info/PKG-INFO', 'Name: Foo\nVersion: 2.0\n', ['PyPI Foo 2.0']],
  [
    'usr/gems/specifications/rack-2.2.3.gemspec',
    'Gem::Specification.new do |s|\n  s.name = "rack".freeze\n  s.version = "2.2.3"\nend',
    ['RubyGems rack 2.2.3'],
  ],
  ['app/vendor/composer/installed.json', '{"packages":[{"name":"A/b","version":"v1.0.0"}]}', ['Packagist a/b 1.0.0']],
  ['app/x.deps.json', '{"libraries":{"A/1.0.0":{"type":"package"}}}', ['NuGet A 1.0.0']],
  [
    'app/app.jar',
    zipOf({
      'META-INF/maven/g/app/pom.properties': 'version=1.0\ngroupId=g\nartifactId=app\n',
      'BOOT-INF/lib/log4j-core-2.14.1.jar': zipOf({
        x: '',
        'META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties':
          'groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n',
      }),
      'BOOT-INF/lib/guava-31.0-jre.jar': zipOf({
        'META-INF/MANIFEST.MF': 'Bundle-SymbolicName: com.google.guava.guava\r\nBundle-Version: 1\r\n',
      }),
    }),
    ['Maven g:app 1.0', 'Maven org.apache.logging.log4j:log4j-core 2.14.1', 'Maven com.google.guava:guava 31.0-jre'],
  ],
  [
    'app/server',
    { bytes: elfOf({ sections: { '.go.buildinfo': goInfo() } }), mode: 0o755 },
    ['Go stdlib 1.21.3', 'Go github.com/a/b v1.2.3', 'Go github.com/new/c v1.1.0'],
  ],
  [
    'app/rusty',
    {
      bytes: elfOf({
        sections: {
          '.dep-v0': deflateSync(
            JSON.stringify({
              packages: [
                { name: 'serde', version: '1.0.0', source: 'crates.io' },
                { name: 'cc', version: '1.0.0', source: 'crates.io', kind: 'build' },
                { name: 'mine', version: '0.1.0', source: 'local', root: true },
              ],
            }),
          ),
        },
      }),
      mode: 0o755,
    },
    ['crates.io serde 1.0.0'],
  ],
];

for (const [path, content, want] of LANGUAGES)
  test(`packages of languages: ${path}`, () => assert.deepEqual(names(inspect({ [path]: content })), want));

test('a distribution that OSV knows nothing of is told', () => {
  const report = inspect({
    'etc/os-release': 'ID=amzn\nVERSION_ID=2023\nPRETTY_NAME="Amazon Linux 2023"',
    'var/lib/dpkg/status': STATUS,
  });
  assert.deepEqual(
    report.notAnalysed.map(({ what }) => what),
    ['no-advisories'],
  );
});

for (const [text, want] of [
  ['ID=ubuntu\nVERSION_ID="22.04"', 'Ubuntu:22.04:LTS'],
  ['ID=ubuntu\nVERSION_ID="23.10"', 'Ubuntu:23.10'],
  ['ID=rhel\nVERSION_ID="9.2"', 'Red Hat:enterprise_linux:9'],
  ['ID="sles"\nVERSION_ID="15.5"', 'SUSE:Linux Enterprise Server 15 SP5'],
  ['ID="opensuse-leap"\nVERSION_ID="15.5"', 'openSUSE:Leap 15.5'],
  ['ID=wolfi\nVERSION_ID=20230201', 'Wolfi'],
  ['ID=debian', 'Debian'],
  ['ID=fedora\nVERSION_ID=40', ''],
  ['', ''],
] as const)
  test(`os-release: ${JSON.stringify(text)} is \`${want}\``, () => assert.equal(readOsRelease(text).ecosystem, want));

const program = (more: Parameters<typeof elfOf>[0]): Content => ({
  bytes: elfOf({ interpreter: '/lib64/ld.so', ...more }),
  mode: 0o755,
});
const library = (more: Parameters<typeof elfOf>[0] = {}): Content => ({ bytes: elfOf(more), mode: 0o755 });
const BASE: Readonly<Record<string, Content>> = {
  lib64: { link: 'usr/lib64' },
  'usr/lib64/ld.so': library(),
  lib: { link: 'usr/lib' },
  'usr/lib/libc.so.6': library({ needed: ['ld.so'] }),
};

for (const [name, files, config, want] of [
  ['all there', { 'bin/a': program({ needed: ['libc.so.6'] }) }, {}, []],
  ['a library is missing', { 'bin/a': program({ needed: ['libx.so.1', 'libc.so.6'] }) }, {}, ['bin/a libx.so.1']],
  [
    'through another library',
    { 'bin/a': program({ needed: ['liby.so'] }), 'usr/lib/liby.so': library({ needed: ['libz.so'] }) },
    {},
    ['bin/a libz.so'],
  ],
  [
    'by a link',
    { 'bin/a': program({ needed: ['liby.so'] }), 'usr/lib/liby.so': { link: 'liby.so.1' }, 'usr/lib/liby.so.1': library() },
    {},
    [],
  ],
  [
    'by a link that leads nowhere',
    { 'bin/a': program({ needed: ['liby.so'] }), 'usr/lib/liby.so': { link: 'none' } },
    {},
    ['bin/a liby.so'],
  ],
  [
    'by RUNPATH',
    { 'opt/bin/a': program({ needed: ['liby.so'], runpath: '$ORIGIN/../own' }), 'opt/own/liby.so': library() },
    {},
    [],
  ],
  [
    "by the program's RPATH",
    {
      'opt/bin/a': program({ needed: ['liby.so'], rpath: '/opt/own' }),
      'opt/own/liby.so': library({ needed: ['libz.so'] }),
      'opt/own/libz.so': library(),
    },
    {},
    [],
  ],
  [
    'by ld.so.conf',
    { 'etc/ld.so.conf.d/x.conf': '/opt/conf\n', 'bin/a': program({ needed: ['liby.so'] }), 'opt/conf/liby.so': library() },
    {},
    [],
  ],
  [
    'by LD_LIBRARY_PATH',
    { 'bin/a': program({ needed: ['liby.so'] }), 'opt/env/liby.so': library() },
    { env: ['LD_LIBRARY_PATH=/opt/env'] },
    [],
  ],
  [
    'of another machine',
    { 'bin/a': program({ needed: ['liby.so'] }), 'usr/lib/liby.so': library({ machine: 183 }) },
    {},
    ['bin/a liby.so'],
  ],
  [
    'the loader itself',
    { 'bin/a': program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1'] }) },
    {},
    ['bin/a /lib/ld-musl-x86_64.so.1'],
  ],
  [
    "musl's libc is its loader",
    {
      'bin/a': program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libc.musl-x86_64.so.1'] }),
      'usr/lib/ld-musl-x86_64.so.1': library(),
    },
    {},
    [],
  ],
  ['a library alone is judged by nobody', { 'usr/lib/plugin.so': library({ needed: ['libnone.so'] }) }, {}, []],
] as const satisfies readonly (readonly [string, Readonly<Record<string, Content>>, Partial<ImageConfig>, readonly string[]])[])
  test(`libraries: ${name}`, () =>
    assert.deepEqual(
      inspect({ ...BASE, ...files }, config).missing.map(({ program, library }) => `${program} ${library}`),
      want,
    ));

test('ELF: both widths and byte orders, and any bytes', () => {
  for (const bits of [32, 64] as const)
    for (const bigEndian of [false, true]) {
      const elf = readElf(
        elfOf({
          bits,
          bigEndian,
          interpreter: '/ld',
          needed: ['a', 'b'],
          soname: 's',
          runpath: 'x:y',
          sections: { '.x': Buffer.from('hello') },
        }),
      )!;
      assert.deepEqual(
        [elf.bits, elf.interpreter, elf.needed, elf.soname, elf.runpath, Buffer.from(elf.section('.x')!).toString()],
        [bits, '/ld', ['a', 'b'], 's', ['x', 'y'], 'hello'],
      );
    }
  const file = elfOf({ interpreter: '/ld', needed: ['a'], sections: { '.go.buildinfo': goInfo() } });
  fc.assert(
    fc.property(fc.nat(6000), fc.nat(255), (at, value) => {
      const copy = Buffer.from(file);
      copy[at] = value;
      inspect({ 'bin/a': { bytes: copy, mode: 0o755 } });
    }),
    { numRuns: 200 },
  );
});

function codes(report: ImageReport): string[] {
  return IMAGE_CONTENT_RULES.flatMap((rule) => [...rule.check(report, { now: 0 })].map((hit) => findingOf(rule, hit))).map(
    ({ code, severity, title }) => `${code} ${severity} ${title}`,
  );
}

test('image rules: a clean image gives nothing, each weakness one finding, never a value', () => {
  assert.deepEqual(codes(inspect(BASE)), []);
  const report = inspect(
    { ...BASE, 'usr/bin/su': { bytes: elfOf({}), mode: 0o4755 }, 'app/run': program({ needed: ['libnone.so'] }) },
    {
      user: '',
      exposedPorts: ['22/tcp', '80/tcp'],
      env: [
        'PATH=/bin',
        'DB_PASSWORD=s3cr3t-value',
        'DB_PASSWORD_FILE=/run/secret',
        'TOKEN_TTL=300',
        'API_KEY=$KEY',
        'AUTH_ENABLED=true',
        'GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568',
        'TOKEN_ISSUER=https://login.example.org',
        'AUTH_MODE=basic',
        'SECRET_STORE=vault-main',
        'NODE_VERSION=20',
      ],
      entrypoint: ['/app/run'],
      history: [
        { createdBy: 'RUN |1 NPM_TOKEN=npm_abcdef /bin/sh -c npm ci', emptyLayer: false, created: '' },
        { createdBy: 'ENV API_TOKEN=$X', emptyLayer: true, created: '' },
      ],
    },
  );
  const found = codes(report);
  assert.deepEqual(found, [
    'image.root-user medium the image names no user and runs as root',
    "image.env-secret high the image's environment sets `DB_PASSWORD`",
    'image.history-secret high a build step of the image holds a value of `NPM_TOKEN`',
    'image.missing-library high `app/run` needs `libnone.so`, which the image lacks',
    'image.setuid low `usr/bin/su` runs with the rights of its owner',
    'image.ssh medium the image exposes port 22',
  ]);
  assert.ok(!/s3cr3t|npm_abc/.test(JSON.stringify(found)));
});
