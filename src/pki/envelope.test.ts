import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { RANDOM } from '../../test/fakes/certificates.ts';
import { fakeKeyWrap } from '../../test/fakes/key-wrap.ts';
import { open, seal, sealedBy } from './envelope.ts';

const SECRET = Buffer.from('the secret');

test('a value opens where it was sealed for, and tells who sealed it', async () => {
  const sealed = await seal(SECRET, 'ca/issuing', fakeKeyWrap('k', 'key-file'), RANDOM);
  assert.deepEqual(Buffer.from(await open(sealed, 'ca/issuing', fakeKeyWrap('k', 'key-file'))), SECRET);
  assert.equal(sealedBy(sealed), 'key-file');
  assert.ok(!Buffer.from(sealed).includes(SECRET));
});

test('two seals of one value share nothing', async () => {
  const [a, b] = await Promise.all([seal(SECRET, 'x', fakeKeyWrap()), seal(SECRET, 'x', fakeKeyWrap())]);
  assert.notDeepEqual(Buffer.from(a.subarray(-40)), Buffer.from(b.subarray(-40)));
});

test('another context, another key, a newer version, a cut or changed byte: refused alike', async () => {
  const sealed = await seal(SECRET, 'ca/issuing', fakeKeyWrap());
  await assert.rejects(open(sealed, 'ca/root', fakeKeyWrap()), { code: 'key.unavailable' });
  await assert.rejects(open(sealed, 'ca/issuing', fakeKeyWrap('other')), { code: 'key.unavailable' });
  const newer = Buffer.from(sealed);
  newer[15] = 2;
  await assert.rejects(open(newer, 'ca/issuing', fakeKeyWrap()), /newer version/);
  for (let i = 0; i < sealed.length; i++) {
    const changed = Buffer.from(sealed);
    changed[i]! ^= 0x80;
    await assert.rejects(open(changed, 'ca/issuing', fakeKeyWrap()), { code: 'key.unavailable' }, `byte ${i}`);
    await assert.rejects(open(sealed.subarray(0, i), 'ca/issuing', fakeKeyWrap()), { code: 'key.unavailable' }, `cut at ${i}`);
  }
});

test('a wrap that only relabels a value is noticed: the name is authenticated', async () => {
  const sealed = Buffer.from(await seal(SECRET, 'x', fakeKeyWrap('k', 'aaaa')));
  sealed.write('bbbb', 19);
  assert.equal(sealedBy(sealed), 'bbbb');
  await assert.rejects(open(sealed, 'x', fakeKeyWrap('k', 'bbbb')), { code: 'key.unavailable' });
});

test('any bytes at all are refused as a value, never as a crash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
      const framed = Buffer.concat([Buffer.from('CULLIS-ENVELOPE\x01', 'latin1'), bytes]);
      for (const one of [bytes, framed]) await assert.rejects(open(one, 'x', fakeKeyWrap()), { code: 'key.unavailable' });
    }),
    { numRuns: 200 },
  );
});
