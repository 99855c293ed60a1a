import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLockfile, LOCKFILES, readLockfile } from './lockfiles.ts';

/** `name version line flags <- way`, flags: D direct, T transitive, d development. */
function told(
  file: string,
  text: string,
  others: Readonly<Record<string, string>> = {},
): { lines: string[]; codes: string[]; exact: boolean } {
  const read = readLockfile(file, text, { text: (path) => others[path] })!;
  return {
    lines: read.packages.map(({ name, version, location, direct, dev, path }) => {
      const flags = (direct === undefined ? '' : direct ? 'D' : 'T') + (dev === true ? 'd' : '');
      const way = path ? ` <- ${path.map((purl) => purl.replace(/^pkg:\w+\//, '')).join(' ')}` : '';
      return `${name} ${version} ${location.line} ${flags}`.trimEnd() + way;
    }),
    codes: read.diagnostics.map(({ code, location }) => `${code}:${location?.line}`),
    exact: read.exact,
  };
}

interface Case {
  readonly file: string;
  readonly text: string;
  readonly want: readonly string[];
  readonly others?: Readonly<Record<string, string>>;
  readonly codes?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    file: 'deno.lock',
    text: '{"version":"5","specifiers":{"npm:@s/a@1":"1.0.0","jsr:@std/x@1":"1.0.0"},"npm":{\n"@s/a@1.0.0":{"dependencies":["b"]},\n"b@2.0.0_p@1.0.0":{}}}',
    want: ['@s/a 1.0.0 2 D', 'b 2.0.0 3 T <- %40s/a@1.0.0 b@2.0.0'],
  },
  {
    file: 'pylock.toml',
    text: 'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1.0"\n\n[[packages]]\nname = "own"\nversion = "0.1"\ndirectory = { path = "." }\n',
    want: ['a 1.0 2'],
  },
  {
    file: 'web/package-lock.json',
    text: `{"name":"web","lockfileVersion":3,"packages":{
"":{"dependencies":{"a":"^1"},"devDependencies":{"t":"1"}},
"node_modules/a":{"version":"1.2.3","dependencies":{"b":"*"},"integrity":"sha512-${'A'.repeat(86)}=="},
"node_modules/a/node_modules/b":{"version":"2.0.0"},
"node_modules/b":{"version":"1.0.0","dev":true},
"node_modules/t":{"version":"3.0.0","dev":true,"dependencies":{"b":"1"}},
"node_modules/alias":{"name":"@s/real","version":"4.0.0"},
"node_modules/own":{"resolved":"packages/own","link":true},
"packages/own":{"version":"0.0.1","dependencies":{"alias":"1"}}}}`,
    want: [
      'a 1.2.3 3 D',
      'b 2.0.0 4 T <- a@1.2.3 b@2.0.0',
      'b 1.0.0 5 Td <- t@3.0.0 b@1.0.0',
      't 3.0.0 6 Dd',
      '@s/real 4.0.0 7 D',
    ],
  },
  {
    file: 'package-lock.json',
    text: `{"lockfileVersion":1,"dependencies":{
"a":{"version":"1.0.0","requires":{"b":"1"},"dependencies":{
"b":{"version":"1.0.1"}}},
"b":{"version":"2.0.0","dev":true},
"c":{"version":"npm:@s/c@3.0.0"},
"d":{"version":"git+ssh://git@example.org/d.git#abc"}}}`,
    want: ['a 1.0.0 2', 'b 1.0.1 3', 'b 2.0.0 4 d', '@s/c 3.0.0 5'],
  },
  {
    file: 'pnpm-lock.yaml',
    text: `lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      a: {specifier: ^1, version: 1.0.0(p@2.0.0)}
    devDependencies:
      d: {specifier: ^1, version: 1.0.0}
packages:
  a@1.0.0:
    resolution: {integrity: sha512-x}
  '@s/b@2.0.0':
    resolution: {integrity: sha512-x}
  d@1.0.0:
    resolution: {integrity: sha512-x}
  p@2.0.0: {resolution: {integrity: sha512-x}}
snapshots:
  a@1.0.0(p@2.0.0):
    dependencies:
      '@s/b': 2.0.0
      p: 2.0.0
  '@s/b@2.0.0': {}
  d@1.0.0: {}
  p@2.0.0: {}
`,
    want: ['a 1.0.0 17 D', '@s/b 2.0.0 11 T <- a@1.0.0 %40s/b@2.0.0', 'd 1.0.0 13 Dd', 'p 2.0.0 15 T <- a@1.0.0 p@2.0.0'],
  },
  {
    file: 'pnpm-lock.yaml',
    text: `lockfileVersion: 5.4
dependencies:
  a: 1.0.0
packages:
  /a/1.0.0:
    dependencies:
      '@s/b': 2.0.0_p@1.0.0
    dev: false
  /@s/b/2.0.0_p@1.0.0:
    dev: false
`,
    want: ['a 1.0.0 5 D', '@s/b 2.0.0 9 T <- a@1.0.0 %40s/b@2.0.0'],
  },
  {
    file: 'yarn.lock',
    text: `# yarn lockfile v1

"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "1.2.0"
  dependencies:
    b "^2.0.0"

b@^2.0.0:
  version "2.0.1"
  integrity sha512-AAAA

alias@npm:real@^1:
  version "1.0.0"
`,
    want: ['@s/a 1.2.0 3', 'b 2.0.1 8', 'real 1.0.0 12'],
  },
  {
    file: 'yarn.lock',
    text: `__metadata:
  version: 8

"a@npm:^1.0.0":
  version: 1.0.1
  resolution: "a@npm:1.0.1"
  dependencies:
    b: "npm:^2.0.0"
  checksum: 10c0/${'ab'.repeat(64)}

"b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0"

"root@workspace:.":
  version: 0.0.0-use.local
  resolution: "root@workspace:."
  dependencies:
    a: "npm:^1.0.0"
`,
    want: ['a 1.0.1 4 D', 'b 2.0.0 11 T <- a@1.0.1 b@2.0.0'],
  },
  {
    file: 'bun.lock',
    text: `{
  "lockfileVersion": 1, // of bun
  "workspaces": {"": {"name": "x", "dependencies": {"a": "1"}, "devDependencies": {"t": "1",},},},
  "packages": {
    "a": ["a@1.0.0", "", {"dependencies": {"b": "1"}}, "sha512-x"],
    "b": ["b@1.0.0", "", {}, "sha512-x"],
    "a/b": ["b@2.0.0", "", {}, "sha512-x"],
    "t": ["t@1.0.0", "", {}, "sha512-x"],
  },
}`,
    want: ['a 1.0.0 5 D', 'b 1.0.0 6 T', 'b 2.0.0 7 T <- a@1.0.0 b@2.0.0', 't 1.0.0 8 Dd'],
  },
  {
    file: 'go.mod',
    text: `module example.org/x // mine

go 1.21.3

require (
	github.com/a/b v1.2.3
	golang.org/x/c v0.1.0 // indirect
	example.org/local v0.0.0
)
require github.com/old/d v1.0.0

replace example.org/local => ./local
replace github.com/old/d => github.com/new/d v1.1.0
`,
    want: ['github.com/a/b v1.2.3 6 D', 'golang.org/x/c v0.1.0 7 T', 'github.com/new/d v1.1.0 10 D', 'stdlib 1.21.3 3 D'],
  },
  {
    file: 'go.mod',
    text: 'module x\ngo 1.16\nrequire github.com/a/b v1.2.3\n',
    want: ['github.com/a/b v1.2.3 3 D'],
    codes: ['lockfile.unreadable:2'],
  },
  {
    file: 'Cargo.lock',
    text: `version = 4

[[package]]
name = "mine"
version = "0.1.0"
dependencies = ["a", "b 2.0.0"]

[[package]]
name = "a"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "${'ab'.repeat(32)}"
dependencies = ["b 1.0.0"]

[[package]]
name = "b"
version = "1.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "b"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
`,
    want: ['a 1.0.0 8 D', 'b 1.0.0 15 T <- a@1.0.0 b@1.0.0', 'b 2.0.0 20 D'],
  },
  {
    file: 'poetry.lock',
    text: `[[package]]
name = "Requests"
version = "2.31.0"
optional = false
groups = ["main"]
[package.dependencies]
urllib3 = ">=1"

[[package]]
name = "urllib3"
version = "2.0.0"
groups = ["main", "dev"]

[[package]]
name = "pytest"
version = "8.0.0"
groups = ["dev"]
`,
    want: ['Requests 2.31.0 1', 'urllib3 2.0.0 9', 'pytest 8.0.0 14 d'],
  },
  {
    file: 'uv.lock',
    text: `version = 1

[[package]]
name = "mine"
version = "0.1.0"
source = { editable = "." }
dependencies = [{ name = "a" }]
[package.dev-dependencies]
dev = [{ name = "t" }]

[[package]]
name = "a"
version = "1.0.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "b", version = "2.0.0" }]

[[package]]
name = "b"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "t"
version = "3.0.0"
source = { registry = "https://pypi.org/simple" }
`,
    want: ['a 1.0.0 11 D', 'b 2.0.0 17 T <- a@1.0.0 b@2.0.0', 't 3.0.0 22 Dd'],
  },
  {
    file: 'pdm.lock',
    text: '[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["default"]\n\n[[package]]\nname = "t"\nversion = "2.0"\ngroups = ["test"]\n',
    want: ['a 1.0 1', 't 2.0 6 d'],
  },
  {
    file: 'Pipfile.lock',
    text: '{"_meta":{},"default":{"a":{"version":"==1.0"}},\n"develop":{"b":{"version":"==2.0"},"a":{"version":"==1.0"}}}',
    want: ['a 1.0 1', 'b 2.0 2 d'],
  },
  {
    file: 'requirements.txt',
    text: `# comment
a==1.0 ; python_version > "3"  # why
b[x,y] == 2.0 \\
    --hash=sha256:${'ab'.repeat(32)}
loose>=1
-r more/base.txt
-c limits.txt
git+https://example.org/x
pinned-elsewhere
name @ https://example.org/n.whl
`,
    others: { 'more/base.txt': 'c===3.0\n-r ../requirements.txt', 'limits.txt': 'Pinned_Elsewhere==4.0' },
    want: ['a 1.0 2', 'b 2.0 3', 'c 3.0 6', 'Pinned_Elsewhere 4.0 7'],
    codes: ['lockfile.missing:5'],
  },
  { file: 'requirements-dev.txt', text: 'a==1.0\n', want: ['a 1.0 1 d'] },
  {
    file: 'app/pom.xml',
    text: `<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>g</groupId><artifactId>parent</artifactId><version>1.0</version></parent>
  <artifactId>app</artifactId>
  <properties><b.version>2.0</b.version></properties>
  <dependencies>
    <dependency><groupId>x</groupId><artifactId>a</artifactId></dependency>
    <dependency><groupId>x</groupId><artifactId>b</artifactId><version>\${b.version}</version></dependency>
    <dependency><groupId>\${project.groupId}</groupId><artifactId>c</artifactId><version>\${project.version}</version><scope>test</scope></dependency>
    <dependency><groupId>x</groupId><artifactId>unknown</artifactId></dependency>
  </dependencies>
</project>`,
    others: {
      'pom.xml':
        '<project><groupId>g</groupId><artifactId>parent</artifactId><properties><a.version>1.5</a.version></properties><dependencyManagement><dependencies><dependency><groupId>x</groupId><artifactId>a</artifactId><version>${a.version}</version></dependency></dependencies></dependencyManagement></project>',
    },
    want: ['x:a 1.5 7 D', 'x:b 2.0 8 D', 'g:c 1.0 9 Dd'],
    codes: ['lockfile.missing:10', 'lockfile.missing:7'],
  },
  {
    file: 'gradle.lockfile',
    text: '# x\na:b:1.0=runtimeClasspath,testRuntimeClasspath\nc:d:2.0=testRuntimeClasspath\nempty=\n',
    want: ['a:b 1.0 2', 'c:d 2.0 3 d'],
  },
  {
    file: 'gradle/libs.versions.toml',
    text: '[versions]\nv = "1.0"\n[libraries]\na = { module = "g:a", version.ref = "v" }\nb = "g:b:2.0"\nc = { group = "g", name = "c", version = "3.+" }\n',
    want: ['g:a 1.0 4 D', 'g:b 2.0 5 D'],
    codes: ['lockfile.missing:1'],
  },
  {
    file: 'packages.lock.json',
    text: '{"version":1,"dependencies":{"net8.0":{\n"A":{"type":"Direct","resolved":"1.0.0","dependencies":{"B":"2.0.0"}},\n"B":{"type":"Transitive","resolved":"2.0.0"},\n"own":{"type":"Project"}}}}',
    want: ['A 1.0.0 2 D', 'B 2.0.0 3 T <- A@1.0.0 B@2.0.0'],
  },
  {
    file: 'packages.config',
    text: '<packages>\n<package id="A" version="1.0" />\n<package id="B" version="2.0" developmentDependency="true"/></packages>',
    want: ['A 1.0 2', 'B 2.0 3 d'],
  },
  {
    file: 'src/app.csproj',
    text: '<Project><ItemGroup>\n<PackageReference Include="A" Version="1.0.0" />\n<PackageReference Include="B" />\n</ItemGroup></Project>',
    others: {
      'Directory.Packages.props': '<Project><ItemGroup><PackageVersion Include="B" Version="[2.0.0]"/></ItemGroup></Project>',
    },
    want: ['A 1.0.0 2 D', 'B 2.0.0 3 D'],
    codes: ['lockfile.missing:2'],
  },
  {
    file: 'app.deps.json',
    text: '{"targets":{"t":{"app/1.0":{"dependencies":{"A":"1.0.0"}},"A/1.0.0":{"dependencies":{"B":"2.0.0"}},"B/2.0.0":{}}},"libraries":{\n"app/1.0":{"type":"project"},\n"A/1.0.0":{"type":"package"},\n"B/2.0.0":{"type":"package"}}}',
    want: ['A 1.0.0 3 D', 'B 2.0.0 4 T <- A@1.0.0 B@2.0.0'],
  },
  {
    file: 'composer.lock',
    text: '{"packages":[\n{"name":"A/b","version":"v1.0.0","require":{"c/d":"*"}},\n{"name":"c/d","version":"2.0.0"}],"packages-dev":[\n{"name":"t/t","version":"3.0.0"}]}',
    others: { 'composer.json': '{"require":{"a/b":"^1"},"require-dev":{"t/t":"*"}}' },
    want: ['a/b 1.0.0 2 D', 'c/d 2.0.0 3 T <- a/b@1.0.0 c/d@2.0.0', 't/t 3.0.0 4 Dd'],
  },
  {
    file: 'Gemfile.lock',
    text: 'GEM\n  remote: https://rubygems.org/\n  specs:\n    rails (7.0.0)\n      rack (>= 2)\n    rack (2.2.3)\n    nokogiri (1.16.0-x86_64-linux)\n\nPATH\n  remote: .\n  specs:\n    mine (0.1)\n\nDEPENDENCIES\n  rails (~> 7)\n  nokogiri\n',
    want: ['rails 7.0.0 4 D', 'rack 2.2.3 6 T <- rails@7.0.0 rack@2.2.3', 'nokogiri 1.16.0 7 D'],
  },
  {
    file: 'mix.lock',
    text: `%{\n  "plug": {:hex, :plug, "1.14.0", "${'ab'.repeat(32)}", [:mix], [{:mime, "~> 1.0", [hex: :mime]}], "hexpm", "x"},\n  "mine": {:git, "https://example.org", "abc", []},\n}`,
    want: ['plug 1.14.0 2'],
  },
  {
    file: 'pubspec.lock',
    text: 'packages:\n  a:\n    dependency: "direct main"\n    source: hosted\n    version: "1.0.0"\n  b:\n    dependency: transitive\n    source: hosted\n    version: "2.0.0"\n  flutter:\n    dependency: "direct main"\n    source: sdk\n    version: "0.0.0"\n',
    want: ['a 1.0.0 2 D', 'b 2.0.0 6 T'],
  },
  { file: 'package.json', text: '{\n"dependencies": {\n"a": "^1" } }', want: [], codes: ['lockfile.missing:2'] },
  { file: 'sub/package.json', text: '{"dependencies": {"a": "^1"}}', others: { 'yarn.lock': '' }, want: [] },
  { file: 'Cargo.toml', text: '[package]\nname="x"\n[dependencies]\na="1"\n', want: [], codes: ['lockfile.missing:3'] },
];

for (const { file, text, want, others, codes = [] } of CASES)
  test(`${file}: packages, lines, ways (${want[0] ?? 'none'})`, () => {
    const found = told(file, text, others);
    assert.deepEqual(found.lines, want);
    assert.deepEqual(found.codes, codes);
    assert.equal(found.exact, codes.length === 0);
    assert.equal(isLockfile(file), true);
  });

test('every reader has a case', () => {
  for (const reader of LOCKFILES)
    assert.ok(
      CASES.some(({ file }) => reader.matches(file)),
      reader.name,
    );
});

test('other files are none', () => {
  for (const file of ['README.md', 'src/index.ts', 'my-package-lock.json', 'requirements.md'])
    assert.equal(isLockfile(file), false, file);
});

test('texts that are none of it, cut off or hostile give a diagnostic or nothing, in time', () => {
  const started = process.cpuUsage();
  for (const { file, text, others } of CASES) {
    const hostile = [
      '',
      '{',
      '[]',
      'null',
      '\0\0',
      '<',
      '<a>'.repeat(5000),
      '['.repeat(50_000),
      '{"a":'.repeat(50_000),
      'a'.repeat(300_000),
      `${' '.repeat(100_000)}x`,
      'a==1\\\n'.repeat(20_000),
      text.slice(0, text.length / 2),
    ];
    for (const bad of hostile) {
      const read = readLockfile(file, bad, { text: (path) => others?.[path] });
      for (const { version, purl } of read?.packages ?? []) assert.ok(version !== '' && purl.startsWith('pkg:'));
    }
  }
  assert.ok(process.cpuUsage(started).user < 5_000_000);
});
