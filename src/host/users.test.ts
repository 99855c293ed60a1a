import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIRST_UID, LAST_UID, accountFiles, assignUids, takenUids } from './users.ts';

test('every workload has a user of its own, the same as before', () => {
  const first = assignUids(['a', 'b'], { uids: {} }, new Set([FIRST_UID]));
  assert.deepEqual(first.uids, { a: FIRST_UID + 1, b: FIRST_UID + 2 });
  const second = assignUids(['c', 'b'], first, new Set([FIRST_UID, FIRST_UID + 3]));
  assert.deepEqual(second.uids, { a: FIRST_UID + 1, b: FIRST_UID + 2, c: FIRST_UID + 4 });
  const all = Array.from({ length: LAST_UID - FIRST_UID + 2 }, (_, i) => `w${i}`);
  assert.throws(() => assignUids(all, { uids: {} }, new Set()), /no user id left for `w184`/);
  assert.throws(
    () => assignUids(['toString'], { uids: {} }, new Set(Array.from({ length: 184 }, (_, i) => FIRST_UID + i))),
    /no user id left/,
  );
});

test('accounts of the machine are left alone', () => {
  const taken = takenUids(`root:x:0:0::/:/bin/sh\nsvc:x:${FIRST_UID + 5}:9::/:/bin/sh\n`, `svc:x:${FIRST_UID + 6}:\n`);
  assert.ok(taken.has(FIRST_UID + 5) && taken.has(FIRST_UID + 6) && !taken.has(0));
});

test('inside there are root, nobody and the workload', () => {
  const { passwd, group } = accountFiles('Cart:0:0', 61_001, 61_002, '/tmp');
  assert.match(passwd, /^_art_0_0:x:61001:61002::\/tmp:\/bin\/sh$/m);
  assert.equal(passwd.trim().split('\n').length, 3);
  assert.match(group, /^_art_0_0:x:61002:$/m);
});
