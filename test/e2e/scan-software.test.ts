// Software as a user asks about it: advisories, lock files, bills of materials, images from disk and from a registry.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { ScanResult } from '#scan/result.ts';
import { certificate, leafExtensions } from '../fakes/certificates.ts';
import { elfOf } from '../fakes/elf.ts';
import { fakeRegistry } from '../fakes/registry.ts';
import { dockerArchiveOf, imageOf, layoutOf, tarOf } from '../fakes/tar.ts';
import type { FakeImage } from '../fakes/tar.ts';
import { ROOT } from './running.ts';
import { githubToken, Workshop } from './scanning.ts';

const SCHEMAS = join(ROOT, '../shared/suites/schemas/cyclonedx');
const TOKEN = githubToken();

function lockfile(minimist: string): string {
  return `${JSON.stringify(
    {
      name: 'shop',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'shop', version: '1.0.0', dependencies: { minimist: '^1.2.0', ms: '^2.1.0' } },
        'node_modules/minimist': { version: minimist, resolved: 'https://registry.example.com/minimist.tgz' },
        'node_modules/ms': { version: '2.1.3' },
      },
    },
    null,
    2,
  )}\n`;
}

const ADVISORIES = {
  'osv/npm/EX-2021-1.json': JSON.stringify({
    id: 'EX-2021-1',
    modified: '2026-11-01T00:00:00Z',
    published: '2021-03-01T00:00:00Z',
    summary: 'prototype pollution in minimist',
    aliases: ['CVE-2021-0001'],
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
    affected: [
      {
        package: { ecosystem: 'npm', name: 'minimist' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '1.0.0' }, { fixed: '1.2.6' }] }],
      },
    ],
  }),
  'osv/npm/EX-2021-2.json': JSON.stringify({
    id: 'EX-2021-2',
    modified: '2026-11-02T00:00:00Z',
    summary: 'another package',
    affected: [{ package: { ecosystem: 'npm', name: 'mz' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] }],
  }),
};

function found({ findings }: ScanResult, code: string): readonly ScanResult['findings'][number][] {
  return findings.filter((one) => one.code === code);
}

test('advisories from a folder, then the lock file tells the line, the package and the version that mends it', async () => {
  using shop = new Workshop({ 'app/package-lock.json': lockfile('1.2.5'), ...ADVISORIES });
  assert.match(await shop.expect(0, ['scan', 'app']), /no findings/);
  assert.match(await shop.mistake(['db', 'update', '--from', 'nowhere']), /nowhere/);
  const told = await shop.expect(0, ['db', 'update', '--from', 'osv']);
  assert.match(told, /^2 advisories of 1 ecosystem in .*advisories\.db\nthe newest change in it is 2026-11-02, \d+ days ago\n$/);
  assert.deepEqual((await shop.json<{ read: number; unreadable: number }>(0, ['db', 'update', '--from', 'osv'])).read, 2);

  const result = await shop.json<ScanResult>(1, ['scan', 'app']);
  const vulnerable = result.findings.filter(({ code }) => code.startsWith('vulnerability.'));
  assert.equal(vulnerable.length, 1, JSON.stringify(result.findings));
  const [one] = vulnerable;
  assert.match(one!.title, /minimist.*1\.2\.5|minimist@1\.2\.5/);
  assert.equal(one!.location?.file, 'app/package-lock.json');
  assert.equal(lockfile('1.2.5').split('\n')[one!.location!.line - 1]?.includes('node_modules/minimist'), true);
  assert.match(`${one!.message} ${one!.fix?.text}`, /1\.2\.6/);
  assert.match(await shop.expect(1, ['scan', 'app']), /2 advisories from .*osv, \d+ days? old/);

  shop.write('kev.json', JSON.stringify({ vulnerabilities: [{ cveID: 'CVE-2021-0001' }] }));
  shop.write('epss.csv', '#model_version:v2025.03.14,score_date:2026-11-20\ncve,epss,percentile\nCVE-2021-0001,0.91,0.99\n');
  const exploited = await shop.json<ScanResult>(1, ['scan', 'app', '--kev', 'kev.json', '--epss', 'epss.csv']);
  const [worse] = exploited.findings.filter(({ code }) => code.startsWith('vulnerability.'));
  assert.match(`${worse!.title} ${worse!.message}`, /exploited/i);

  shop.write('app/package-lock.json', lockfile('1.2.6'));
  assert.match(await shop.expect(0, ['scan', 'app']), /no findings/);
});

interface Bom {
  readonly bomFormat: string;
  readonly components: readonly { readonly name: string; readonly version?: string; readonly purl?: string }[];
}

const names = ({ components }: Bom): readonly string[] => components.map(({ name, version }) => `${name} ${version}`).toSorted();

/** Layers of an image that has everything wrong. */
function badImage(): FakeImage {
  const expired = certificate({
    notBeforeMs: Date.parse('2020-01-01'),
    notAfterMs: Date.parse('2021-01-01'),
    extensions: leafExtensions(),
  });
  return imageOf(
    [
      [
        { path: 'etc/os-release', text: 'ID=alpine\nVERSION_ID=3.20.1\n' },
        { path: 'lib/apk/db/installed', text: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\nP:zlib\nV:1.3.1-r1\nA:x86_64\n\n' },
        { path: 'app/.env', text: `GITHUB_TOKEN=${TOKEN}\n` },
        { path: 'app/server', text: elfOf({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libpq.so.5'] }), mode: 0o755 },
        { path: 'lib/ld-musl-x86_64.so.1', text: elfOf({ soname: 'libc.musl-x86_64.so.1' }), mode: 0o755 },
        { path: 'app/certs/client.pem', text: expired.pem },
        { path: 'app/node_modules/minimist/package.json', text: '{"name":"minimist","version":"1.2.5"}' },
      ],
      [{ path: 'app/.wh..env' }],
    ],
    { Entrypoint: ['/app/server'] },
    ['ADD rootfs', 'RUN rm /app/.env'],
  );
}

function assertAllWrong(result: ScanResult, reference: string): void {
  const codes = result.findings.map(({ code }) => code);
  assert.equal(found(result, 'image.root-user').length, 1, codes.join());
  assert.match(found(result, 'image.missing-library')[0]?.title ?? '', /libpq\.so\.5/);
  const secrets = result.findings.filter(({ code }) => code.startsWith('secrets.'));
  assert.equal(secrets.length, 1, codes.join());
  assert.equal(secrets[0]!.location?.file, `${reference}!/app/.env`);
  assert.equal(JSON.stringify(result).includes(TOKEN), false, 'a report must not repeat the secret');
  const old = result.findings.filter(({ code }) => code.startsWith('certificates.'));
  assert.match(old[0]?.title ?? '', /ended on 2021-01-01/);
  assert.equal(old[0]?.location?.file, `${reference}!/app/certs/client.pem`);
}

test('an image from docker save: its user, a secret that a higher layer deletes, a library that is missing, an old certificate', async () => {
  using shop = new Workshop({ 'shop.tar': tarOf(dockerArchiveOf(badImage(), 'shop:1')), ...ADVISORIES });
  await shop.expect(0, ['db', 'update', '--from', 'osv']);
  const result = await shop.json<ScanResult>(1, ['scan', 'shop.tar']);
  assertAllWrong(result, 'shop.tar');
  assert.match(result.findings.find(({ code }) => code.startsWith('vulnerability.'))?.title ?? '', /minimist/);
  const text = await shop.expect(1, ['scan', 'shop.tar']);
  assert.match(text, /shop\.tar!\/app\/\.env/);
  assert.doesNotMatch(text, new RegExp(TOKEN));

  const bom = JSON.parse(await shop.expect(0, ['sbom', 'shop.tar'])) as Bom;
  for (const name of ['musl 1.2.5-r0', 'zlib 1.3.1-r1', 'minimist 1.2.5']) assert.ok(names(bom).includes(name), name);

  shop.write('broken.tar', tarOf(dockerArchiveOf(badImage(), 'shop:1')).subarray(0, 30_000));
  const { code, stdout, stderr } = await shop.cullis(['scan', 'broken.tar']);
  assert.notEqual(code, 0);
  assert.doesNotMatch(stdout + stderr, /itself broke/);
});

test('an image from a registry that wants a login, and what differs inside two images', async () => {
  const good = imageOf(
    [
      [
        { path: 'etc/os-release', text: 'ID=alpine\nVERSION_ID=3.20.1\n' },
        { path: 'lib/apk/db/installed', text: 'P:musl\nV:1.2.5-r1\nA:x86_64\n\n' },
      ],
    ],
    { User: '65532' },
  );
  await using registry = await fakeRegistry({
    images: {
      'team/shop:1': [{ image: badImage(), platform: 'linux/amd64' }],
      'team/shop:2': [{ image: good, platform: 'linux/amd64' }],
    },
    login: 'ann:pw',
    redirect: true,
  });
  using shop = new Workshop();
  const [one, two] = [`${registry.host}/team/shop:1`, `${registry.host}/team/shop:2`];
  assert.match(await shop.mistake(['scan', one]), /image\.unavailable|fetch/);
  shop.write(
    '../home/.docker/config.json',
    JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from('ann:pw').toString('base64') } } }),
  );
  assertAllWrong(await shop.json<ScanResult>(1, ['scan', one]), one);
  await shop.expect(0, ['scan', two, '--fail-on', 'high']);
  const pulled = registry.requests.length;
  await shop.expect(1, ['scan', one]);
  assert.ok(
    registry.requests.slice(pulled).every((line) => !line.includes('/blobs/')),
    'blobs are kept',
  );

  const text = await shop.expect(1, ['parity', one, two]);
  assert.match(text, /musl 1\.2\.5-r0 -> 1\.2\.5-r1/);
  assert.match(text, /minimist 1\.2\.5 -> -/);
  assert.match(text, /libpq\.so\.5, which .*shop:1 lacks/);
  await shop.expect(0, ['parity', two, two]);
  assert.match(await shop.mistake(['parity', one, '.']), /compare two images, or two systems/);
});

const validator = existsSync(join(SCHEMAS, 'bom-1.6.schema.json'))
  ? () => {
      const read = (name: string): object => JSON.parse(readFileSync(join(SCHEMAS, name), 'utf8')) as object;
      const ajv = new Ajv({ strict: false, validateFormats: false });
      ajv.addSchema(read('jsf-0.82.schema.json')).addSchema(read('spdx.schema.json'));
      return ajv.compile(read('bom-1.6.schema.json'));
    }
  : undefined;

test('bills of materials of a folder and of an OCI layout are valid, and name what is there', async (t) => {
  using shop = new Workshop({ 'app/package-lock.json': lockfile('1.2.5') });
  for (const { path, text = '' } of layoutOf(badImage())) shop.write(`layout/${path}`, text);
  const boms = [
    ['app', 'minimist 1.2.5'],
    ['layout', 'musl 1.2.5-r0'],
  ] as const;
  const validate = validator?.();
  if (!validate) t.diagnostic('the schema of CycloneDX 1.6 is not beside this repository: names are compared only');
  for (const [target, name] of boms) {
    const bom = JSON.parse(await shop.expect(0, ['sbom', target])) as Bom;
    assert.equal(bom.bomFormat, 'CycloneDX');
    assert.ok(names(bom).includes(name), names(bom).join());
    if (validate) assert.ok(validate(bom), JSON.stringify(validate.errors?.slice(0, 5)));
    const spdx = JSON.parse(await shop.expect(0, ['sbom', target, '--format', 'spdx'])) as { packages: { name: string }[] };
    assert.ok(spdx.packages.some((one) => name.startsWith(`${one.name} `)));
  }
  // What it writes it reads: the bill stands for the folder.
  shop.write('bills/app.cdx.json', await shop.expect(0, ['sbom', 'app']));
  assert.deepEqual(
    names(JSON.parse(await shop.expect(0, ['sbom', 'bills'])) as Bom),
    names(JSON.parse(shop.read('bills/app.cdx.json')) as Bom),
  );
  assert.match(await shop.mistake(['sbom', 'nowhere']), /no such file or folder: `nowhere`/);
});

test('watch tells what is newly open, and what is gone when the bill of materials changed', async () => {
  using shop = new Workshop({ 'app/package-lock.json': lockfile('1.2.5'), ...ADVISORIES });
  shop.write('sboms/app.cdx.json', await shop.expect(0, ['sbom', 'app']));
  assert.match(await shop.mistake(['watch', '--once', 'sboms']), /no advisory database yet/);
  await shop.expect(0, ['db', 'update', '--from', 'osv']);
  assert.match(
    await shop.expect(1, ['watch', '--once', 'sboms']),
    /^new .*CVE-2021-0001.*minimist[^]*1 open vulnerability, 1 new, 0 gone\n$/,
  );
  assert.match(await shop.expect(0, ['watch', '--once', 'sboms']), /^1 open vulnerability, 0 new, 0 gone\n$/);
  shop.write('app/package-lock.json', lockfile('1.2.6'));
  shop.write('sboms/app.cdx.json', await shop.expect(0, ['sbom', 'app']));
  assert.match(
    await shop.expect(0, ['watch', '--once', 'sboms']),
    /^gone .*CVE-2021-0001.*\n0 open vulnerabilities, 0 new, 1 gone\n$/,
  );
  assert.deepEqual(await shop.json(0, ['watch', '--once', 'sboms']), { opened: [], closed: [], changed: [], open: 0 });
  shop.write('cullis-watch.json', '{"version":99}');
  assert.match(await shop.mistake(['watch', '--once', 'sboms']), /no state of `cullis watch`/);
});
