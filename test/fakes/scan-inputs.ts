// One small file of every kind that a scan reads, for tests that damage them.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { certificate, leafExtensions } from './certificates.ts';
import { elfOf } from './elf.ts';
import { tarOf } from './tar.ts';
import { zipOf } from './zip.ts';

const ROOT = new URL('../../', import.meta.url);

/** A file of the repository. */
export function read(path: string): Uint8Array {
  return readFileSync(new URL(path, ROOT));
}

export interface Kind {
  /** Name in the tree. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Whether bytes that are nothing of the kind must be told. */
  readonly strict: boolean;
}

const json = (value: unknown): string => JSON.stringify(value, null, 1);

export const KINDS: Readonly<Record<string, Kind>> = {
  manifest: { path: 'bad/m.yaml', content: read('test/fixtures/see/deploy/orders.yaml'), strict: true },
  'manifest as JSON': {
    path: 'bad/m.json',
    content: json({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b' }, data: { k: 'v' } }),
    strict: true,
  },
  compose: {
    path: 'bad/compose.yaml',
    content: 'services:\n  cache:\n    image: redis:7.4.1\n    ports: ["6379:6379"]\n    environment: { A: b }\n',
    strict: true,
  },
  kustomization: {
    path: 'bad/kustomization.yaml',
    content: 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [m.yaml]\npatches:\n  - patch: "x"\n',
    strict: true,
  },
  chart: { path: 'bad/Chart.yaml', content: 'apiVersion: v2\nname: shop\nversion: 1.0.0\n', strict: false },
  'chart template': { path: 'bad/templates/x.yaml', content: 'kind: {{ .Values.kind }}\nmetadata: { name: a }\n', strict: false },
  openapi: {
    path: 'bad/openapi.yaml',
    content:
      'openapi: 3.0.3\ninfo: { title: a, version: "1" }\npaths:\n  /a/{id}:\n    get:\n      responses: { "200": { description: ok } }\n',
    strict: true,
  },
  oauth: {
    path: 'bad/openid-configuration.json',
    content: json({
      issuer: 'https://a.example',
      authorization_endpoint: 'https://a.example/a',
      response_types_supported: ['token'],
    }),
    strict: true,
  },
  'keycloak realm': {
    path: 'bad/realm.json',
    content: json({ realm: 'shop', clients: [{ clientId: 'web', implicitFlowEnabled: true, redirectUris: ['*'] }] }),
    strict: true,
  },
  dockerfile: {
    path: 'bad/Dockerfile',
    content: 'FROM node:latest\nRUN apt-get update\nCOPY . .\nCMD ["node","a.js"]\n',
    strict: false,
  },
  '.env': { path: 'bad/.env', content: 'A=b\nexport C="d e"\n', strict: false },
  'package-lock.json': {
    path: 'bad/package-lock.json',
    content: json({ lockfileVersion: 3, packages: { '': { name: 'a' }, 'node_modules/ms': { version: '2.1.3' } } }),
    strict: true,
  },
  'pnpm-lock.yaml': {
    path: 'bad/pnpm-lock.yaml',
    content:
      "lockfileVersion: '9.0'\npackages:\n  ms@2.1.3:\n    resolution: { integrity: sha512-a }\nsnapshots:\n  ms@2.1.3: {}\n",
    strict: true,
  },
  'yarn.lock': {
    path: 'bad/yarn.lock',
    content: '# yarn lockfile v1\n\nms@^2.1.0:\n  version "2.1.3"\n  resolved "https://r/ms"\n',
    strict: false,
  },
  'bun.lock': {
    path: 'bad/bun.lock',
    content: '{ "lockfileVersion": 1, "packages": { "ms": ["ms@2.1.3", "", {}, "sha"], } }',
    strict: true,
  },
  'deno.lock': { path: 'bad/deno.lock', content: json({ version: '4', npm: { 'ms@2.1.3': { integrity: 'x' } } }), strict: true },
  'pom.xml': {
    path: 'bad/pom.xml',
    content:
      '<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>1.0</version></dependency></dependencies></project>',
    strict: true,
  },
  'gradle.lockfile': { path: 'bad/gradle.lockfile', content: 'com.example:a:1.0=runtimeClasspath\nempty=\n', strict: false },
  'libs.versions.toml': {
    path: 'bad/libs.versions.toml',
    content: '[versions]\na = "1.0"\n[libraries]\nb = { module = "c:d", version.ref = "a" }\n',
    strict: true,
  },
  'requirements.txt': { path: 'bad/requirements.txt', content: 'flask==3.0.0 --hash=sha256:aa\n-r other.txt\n', strict: false },
  'Pipfile.lock': { path: 'bad/Pipfile.lock', content: json({ default: { flask: { version: '==3.0.0' } } }), strict: true },
  'poetry.lock': { path: 'bad/poetry.lock', content: '[[package]]\nname = "flask"\nversion = "3.0.0"\n', strict: true },
  'uv.lock': { path: 'bad/uv.lock', content: 'version = 1\n[[package]]\nname = "flask"\nversion = "3.0.0"\n', strict: true },
  'go.mod': { path: 'bad/go.mod', content: 'module a\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/net v0.1.0\n)\n', strict: false },
  'Cargo.lock': {
    path: 'bad/Cargo.lock',
    content: 'version = 4\n[[package]]\nname = "serde"\nversion = "1.0.0"\n',
    strict: true,
  },
  'packages.lock.json': {
    path: 'bad/packages.lock.json',
    content: json({ version: 1, dependencies: { net8: { A: { type: 'Direct', resolved: '1.0.0' } } } }),
    strict: true,
  },
  csproj: {
    path: 'bad/a.csproj',
    content: '<Project><ItemGroup><PackageReference Include="A" Version="1.0.0" /></ItemGroup></Project>',
    strict: true,
  },
  'composer.lock': { path: 'bad/composer.lock', content: json({ packages: [{ name: 'a/b', version: '1.0.0' }] }), strict: true },
  'Gemfile.lock': {
    path: 'bad/Gemfile.lock',
    content: 'GEM\n  remote: https://r/\n  specs:\n    rails (7.0.0)\n',
    strict: false,
  },
  'mix.lock': {
    path: 'bad/mix.lock',
    content: '%{\n  "jason": {:hex, :jason, "1.4.0", "h", [:mix], [], "hexpm", "i"},\n}\n',
    strict: false,
  },
  'pubspec.lock': {
    path: 'bad/pubspec.lock',
    content: 'packages:\n  a:\n    source: hosted\n    version: "1.0.0"\n',
    strict: true,
  },
  'CycloneDX bill': {
    path: 'bad/app.cdx.json',
    content: json({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      components: [{ type: 'library', name: 'ms', version: '2.1.3', purl: 'pkg:npm/ms@2.1.3' }],
    }),
    strict: true,
  },
  'SPDX bill': {
    path: 'bad/app.spdx.json',
    content: json({ spdxVersion: 'SPDX-2.3', packages: [{ name: 'ms', versionInfo: '2.1.3', SPDXID: 'SPDXRef-a' }] }),
    strict: true,
  },
  'GitHub workflow': {
    path: '.github/workflows/ci.yml',
    content: 'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n      - run: npm ci\n',
    strict: false,
  },
  'GitLab pipeline': { path: 'bad/.gitlab-ci.yml', content: 'build:\n  image: node:22\n  script: [npm ci]\n', strict: false },
  javascript: {
    path: 'bad/a.js',
    content: "import jwt from 'jsonwebtoken';\nexport const f = (t, k) => jwt.verify(t, k, { ignoreExpiration: true });\n",
    strict: false,
  },
  python: {
    path: 'bad/a.py',
    content: 'import jwt\n\ndef f(t):\n    return jwt.decode(t, options={"verify_signature": False})\n',
    strict: false,
  },
  java: {
    path: 'bad/A.java',
    content: 'class A { void f() { Jwts.parserBuilder().setSigningKey(k).build().parse(t); } }\n',
    strict: false,
  },
  go: { path: 'bad/a.go', content: 'package a\n\nfunc f() { tls.Config{InsecureSkipVerify: true} }\n', strict: false },
  certificate: { path: 'bad/a.pem', content: certificate({ extensions: leafExtensions() }).pem, strict: false },
  'certificate in DER': { path: 'bad/a.der', content: certificate({ extensions: leafExtensions() }).der, strict: false },
  zip: { path: 'bad/a.zip', content: zipOf({ 'a.env': 'A=b', 'c/d.yaml': 'a: 1' }), strict: false },
  tar: {
    path: 'bad/a.tar',
    content: tarOf([
      { path: 'a.env', text: 'A=b' },
      { path: 'b', type: 'symlink', target: '/etc/passwd' },
    ]),
    strict: false,
  },
  'tar.gz': { path: 'bad/a.tar.gz', content: gzipSync(tarOf([{ path: 'a.env', text: 'A=b' }])), strict: false },
  program: { path: 'bad/server', content: elfOf({ needed: ['libc.so.6'] }), strict: false },
};
