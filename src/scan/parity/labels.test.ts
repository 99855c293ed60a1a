import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sideLabels } from './labels.ts';

test('sides are called by what tells them apart', () => {
  for (const [a, b, want] of [
    ['overlays/staging', 'overlays/production', ['staging', 'production']],
    ['overlays/staging/', './overlays/production', ['overlays/staging', './overlays/production']],
    ['staging/deploy', 'production/deploy', ['staging/deploy', 'production/deploy']],
    ['deploy', 'deploy/production', ['deploy', 'deploy/production']],
    ['/srv/a/', '/srv/b', ['a', 'b']],
    ['same', 'same', ['same', 'same']],
    ['x/same', 'x/same/', ['x/same', 'x/same/']],
  ] as const)
    assert.deepEqual(sideLabels(a, b), want, `${a} ${b}`);
});
