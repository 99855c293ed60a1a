import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pod } from '../../../../test/fakes/image-references.ts';
import { systemOf } from '../../../../test/fakes/scan.ts';
import { versionsAcross } from './across-units.ts';

test('one service at different versions in systems that are deployed apart', () => {
  const unit = (name: string, tag: string): { name: string; system: ReturnType<typeof systemOf> } => ({
    name,
    system: systemOf(pod(`r.example.com/cart:${tag}`)),
  });
  for (const [units, want] of [
    [[unit('clusters/eu', '1.2.3'), unit('clusters/us', '1.3.0')], 1],
    [[unit('clusters/eu', '1.2.3'), unit('clusters/us', '1.2.3')], 0],
    [[unit('overlays/staging', '1.3.0'), unit('overlays/prod', '1.2.3')], 0],
    [[unit('prod/eu', '1.3.0'), unit('prod/us', '1.2.3')], 1],
  ] as const) {
    assert.equal(versionsAcross(units).length, want, units.map(({ name }) => name).join(' '));
  }
});
