import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Image } from '#model/image.ts';
import { dockerArchiveOf, imageOf, layoutOf, tarOf } from '../../test/fakes/tar.ts';
import type { TarItem } from '../../test/fakes/tar.ts';
import { fakeRegistry } from '../../test/fakes/registry.ts';
import { readCredentials } from './credentials.ts';
import { filesOf } from './image-files.ts';
import { isImagePath, openImage } from './oci.ts';
import { parseReference, pullImage } from './registry.ts';

const LAYERS: readonly (readonly TarItem[])[] = [
  [
    { path: 'etc/secret', text: 'old' },
    { path: 'etc/kept', text: 'kept' },
    { path: 'opt/a/one', text: '1' },
    { path: 'opt/a/two', text: '2' },
    { path: 'var/x', text: 'x' },
    { path: 'swap/inner', text: 'in' },
  ],
  [
    { path: 'etc/.wh.secret', text: '' },
    { path: 'opt/a/.wh..wh..opq', text: '' },
    { path: 'opt/a/three', text: '3' },
    { path: 'same', type: 'hardlink', target: './opt/a/three' },
    { path: 'other', type: 'hardlink', target: 'etc/kept' },
  ],
  [
    { path: 'var/x', text: 'newer' },
    { path: 'swap', text: 'a file now' },
    { path: 'link', type: 'symlink', target: 'etc/kept' },
  ],
];

const WANT = {
  'etc/secret': 'old (hidden)',
  'etc/kept': 'kept',
  'opt/a/one': '1 (hidden)',
  'opt/a/two': '2 (hidden)',
  'opt/a/three': '3',
  same: '3',
  other: '-',
  'var/x 0': 'x (hidden)',
  'var/x': 'newer',
  swap: 'a file now',
  'swap/inner': 'in (hidden)',
  link: '-> etc/kept',
};

async function contents(image: Image): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { path, bytes, target, type, hidden, layer } of filesOf(image)) {
    const text = type === 'symlink' ? `-> ${target}` : bytes ? Buffer.from(bytes).toString() : '-';
    found[path in found ? `${path} ${layer}` : path] = text + (hidden ? ' (hidden)' : '');
  }
  return found;
}

function folder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'cullis-oci-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test('an image gives the same files from a layout folder, its archive and a `docker save` archive', async () => {
  using dir = folder();
  const image = imageOf(LAYERS, { User: 'app', Env: ['A=b'], ExposedPorts: { '80/tcp': {} } }, ['one', 'two', 'three']);
  for (const { path, text } of layoutOf(image)) {
    mkdirSync(dirname(join(dir.path, 'layout', path)), { recursive: true });
    writeFileSync(join(dir.path, 'layout', path), text!);
  }
  writeFileSync(join(dir.path, 'oci.tar'), tarOf(layoutOf(image)));
  writeFileSync(join(dir.path, 'docker.tar'), tarOf(dockerArchiveOf(image, 'shop/cart:1')));
  for (const name of ['layout', 'oci.tar', 'docker.tar']) {
    const opened = openImage(join(dir.path, name));
    assert.equal(isImagePath(join(dir.path, name)), true);
    assert.equal(opened.config.user, 'app');
    assert.deepEqual(
      opened.layers.map(({ createdBy }) => createdBy),
      ['one', 'two', 'three'],
    );
    assert.deepEqual(await contents(opened), WANT);
  }
  assert.equal(openImage(join(dir.path, 'docker.tar')).reference, 'shop/cart:1');
});

test('what is damaged, packed as a whole or no image is refused', async () => {
  using dir = folder();
  const image = imageOf(LAYERS);
  const file = join(dir.path, 'x.tar');
  const [first] = JSON.parse(Buffer.from(image.blobs.get(image.manifestDigest)!).toString()).layers as { digest: string }[];
  const changed = layoutOf(image).map((item) =>
    item.path.endsWith(first!.digest.slice(7)) ? { ...item, text: gzipSync(tarOf([{ path: 'evil', text: 'x' }])) } : item,
  );
  writeFileSync(file, tarOf(changed));
  await assert.rejects(contents(openImage(file)), { code: 'image.invalid', message: /digest/ });
  for (const bytes of [gzipSync(tarOf(layoutOf(image))), tarOf([{ path: 'readme', text: '' }]), Buffer.from('nothing')]) {
    writeFileSync(file, bytes);
    assert.throws(() => openImage(file), { code: 'image.invalid' });
  }
  assert.throws(() => openImage(join(dir.path, 'missing')), { code: 'config.unreadable' });
});

test('a layer that unfolds without end is cut off', async () => {
  using dir = folder();
  const file = join(dir.path, 'bomb.tar');
  writeFileSync(file, tarOf(layoutOf(imageOf([[{ path: 'zeros', text: Buffer.alloc(4_000_000) }]]))));
  await assert.rejects(contents(openImage(file, { layerBytesMax: 1_000_000 })), { code: 'image.invalid', message: /unfolds/ });
});

for (const [text, want] of [
  ['nginx', 'registry-1.docker.io library/nginx latest'],
  ['bitnami/redis:7', 'registry-1.docker.io bitnami/redis 7'],
  ['ghcr.io/a/b/c:v1.0', 'ghcr.io a/b/c v1.0'],
  ['localhost:5000/x', 'localhost:5000 x latest'],
  [`x@sha256:${'a'.repeat(64)}`, `registry-1.docker.io library/x  sha256:${'a'.repeat(64)}`],
  ['UPPER/case', undefined],
  ['a/../b', undefined],
  ['x:ta g', undefined],
  ['x@sha256:12', undefined],
] as const)
  test(`reference \`${text.slice(0, 40)}\` ${want === undefined ? 'is refused' : 'is read'}`, () => {
    const found = parseReference(text);
    assert.equal(found && `${found.host} ${found.repository} ${found.tag}${found.digest === '' ? '' : ` ${found.digest}`}`, want);
  });

test('a registry gives the platform that is asked for, with a token for the credentials, through a redirect', async () => {
  using dir = folder();
  const amd = imageOf(LAYERS);
  const arm = imageOf([[{ path: 'arm', text: 'yes' }]]);
  await using registry = await fakeRegistry({
    images: {
      'shop/cart:1': [
        { image: amd, platform: 'linux/amd64' },
        { image: arm, platform: 'linux/arm64/v8' },
      ],
    },
    login: 'me:secret:with:colons',
    redirect: true,
  });
  const auth = Buffer.from('me:secret:with:colons').toString('base64');
  const config = join(dir.path, 'config.json');
  writeFileSync(config, JSON.stringify({ auths: { [registry.host]: { auth } }, credsStore: 'desktop' }));
  const credentials = readCredentials([join(dir.path, 'missing.json'), config]);
  assert.match(credentials.notes[0]!, /docker-credential-desktop/);
  const name = `${registry.host}/shop/cart:1`;
  const pulled = await pullImage(name, { folder: join(dir.path, 'amd'), credentials });
  assert.equal(pulled.reference, name);
  assert.deepEqual(await contents(pulled), WANT);
  const other = await pullImage(name, { folder: join(dir.path, 'arm'), credentials, platform: 'linux/arm64' });
  assert.deepEqual(await contents(other), { arm: 'yes' });
  const before = registry.requests.length;
  await pullImage(name, { folder: join(dir.path, 'amd'), credentials });
  assert.deepEqual(
    registry.requests.slice(before).filter((request) => request.includes('/blobs/')),
    [],
    'blobs that are there are not fetched again',
  );
  await assert.rejects(pullImage(name, { folder: join(dir.path, 'none'), credentials, platform: 'windows/amd64' }), {
    code: 'image.unavailable',
    message: /linux\/arm64\/v8/,
  });
  await assert.rejects(pullImage(name, { folder: join(dir.path, 'none') }), { code: 'image.unavailable' });
  await assert.rejects(pullImage(`${registry.host}/shop/none:1`, { folder: join(dir.path, 'none'), credentials }), {
    code: 'image.unavailable',
    message: /no such image/,
  });
});

test('a blob with another content than its digest leaves nothing behind', async () => {
  using dir = folder();
  const image = imageOf(LAYERS);
  const [layer] = JSON.parse(Buffer.from(image.blobs.get(image.manifestDigest)!).toString()).layers as { digest: string }[];
  await using registry = await fakeRegistry({ images: { 'a:1': [{ image, platform: 'linux/amd64' }] }, corrupt: layer!.digest });
  await assert.rejects(pullImage(`${registry.host}/a:1`, { folder: dir.path }), { code: 'image.invalid' });
  assert.equal(
    readdirSync(join(dir.path, 'blobs/sha256')).some((name) => name.includes(layer!.digest.slice(7))),
    false,
  );
});

test('an image that is larger than allowed is not fetched', async () => {
  using dir = folder();
  await using registry = await fakeRegistry({ images: { 'a:1': [{ image: imageOf(LAYERS), platform: 'linux/amd64' }] } });
  await assert.rejects(pullImage(`${registry.host}/a:1`, { folder: dir.path, bytesMax: 100 }), { code: 'fetch.refused' });
  assert.equal(
    registry.requests.some((request) => request.includes('/blobs/')),
    false,
  );
});
