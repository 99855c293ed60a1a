import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareVersions } from './versions.ts';

/** Each line is in order, lowest first. */
const ORDERS: readonly (readonly [ecosystem: string, versions: string])[] = [
  ['npm', '1.0.0-0 1.0.0-alpha 1.0.0-alpha.1 1.0.0-beta 1.0.0-rc.2 1.0.0-rc.10 1.0.0 1.0.1 1.10.0 2.0.0'],
  ['crates.io', '0.1.0-pre.1 0.1.0 0.2.0'],
  ['Go', 'v0.0.0-20200101000000-abcdef012345 v0.0.0-20210101000000-abcdef012345 v0.1.0 v1.0.0 v2.0.0+incompatible'],
  ['PyPI', '1.0.dev1 1.0a1.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0+local 1.0.post1.dev1 1.0.post1 1.1 1!0.5'],
  ['Maven', '1.0-alpha-1 1.0-beta 1.0-m1 1.0-rc 1.0-SNAPSHOT 1.0 1.0-sp 1.0-foo 1.0-1 1.0.1 1.1'],
  ['NuGet', '1.0.0-alpha 1.0.0-Beta 1.0.0 1.0.0.1 1.0.1 1.10.0'],
  ['Packagist', 'dev-main 1.0-dev 1.0-alpha1 1.0-beta1 1.0-RC1 1.0 1.0pl1 1.1'],
  ['RubyGems', '1.0.a 1.0.b1 1.0.rc 1.0 1.0.1 1.10'],
  ['Debian:12', '1.0~rc1-1 1.0-1~deb12u1 1.0-1 1.0-1+deb12u1 1.0-2 1.0+dfsg-1 1:0.1-1'],
  ['Alpine:v3.18', '1.0_alpha1 1.0_rc1-r0 1.0 1.0-r0 1.0-r1 1.0_p1 1.0a 1.01 1.1 1.10'],
  ['Rocky Linux:9', '1.0~rc1-1.el9 1.0-1.el9 1.0-1.el9_2 1.0-2.el9 1.0^20240101-1.el9 1.0.1-1.el9 1:0.1-1.el9'],
  ['Pub', '1.0.0-dev 1.0.0 1.0.0+1 1.0.0+2 1.0.1'],
  ['CRAN', '1.0 1.0-1 1.0-2 1.1'],
  ['Hackage', '1.0 1.0.0 1.0.0.1 1.1'],
  ['Hex', '1.0.0-rc.1 1.0.0 1.0.1'],
];

for (const [ecosystem, line] of ORDERS)
  test(`versions of ${ecosystem} are in order`, () => {
    const versions = line.split(' ');
    for (const [i, a] of versions.entries())
      for (const [j, b] of versions.entries())
        assert.equal(Math.sign(compareVersions(ecosystem, a, b)), Math.sign(i - j), `${a} and ${b}`);
  });

/**
 * Orders that are no order on texts which nobody writes, as their own tools have it: Composer takes words of different kinds as equal, apk
 * compares malformed texts as texts only with each other, and Maven's padding goes round in a circle (`1` < `1.foo.1` < `1-alpha-1` < `1`).
 */
const CONVENTIONAL: Readonly<Record<string, RegExp>> = {
  Packagist: /^\d{1,2}(?:\.\d{1,2}){2}(?:-(?:dev|alpha\d|beta\d|RC\d))?$/,
  'Alpine:v3.18': /^\d{1,2}(?:\.[1-9]\d?){0,2}[a-c]?(?:_(?:alpha|rc|p)\d)?(?:-r\d)?$/,
  Maven: /^\d{1,2}(?:\.[1-9]){0,3}(?:-(?:alpha|beta|milestone|rc)-?\d|-(?:SNAPSHOT|sp|foo)|-\d|\.(?:Final|RELEASE))?$/,
};

test('versions: every ordering is total on any text, and long ones take no time', () => {
  const text = fc.string({ unit: fc.constantFrom(...Array.from('019.-+~^_:abrcdpvX#!')), maxLength: 12 });
  for (const [ecosystem] of ORDERS) {
    const sign = (x: string, y: string): number => Math.sign(compareVersions(ecosystem, x, y));
    const shape = CONVENTIONAL[ecosystem];
    const transitive = (a: string, b: string, c: string): void => {
      if (sign(a, b) <= 0 && sign(b, c) <= 0) assert.ok(sign(a, c) <= 0, `${ecosystem}: ${a}, ${b}, ${c}`);
    };
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        assert.equal(sign(a, a), 0);
        assert.equal(sign(a, b), 0 - sign(b, a));
        if (!shape) transitive(a, b, c);
      }),
      { numRuns: 150 },
    );
    if (!shape) continue;
    const written = fc.stringMatching(shape);
    fc.assert(fc.property(written, written, written, transitive), { numRuns: 150 });
  }
  const started = process.cpuUsage();
  for (const [ecosystem] of ORDERS)
    for (const unit of ['1', '1.', 'a1', '-', '1-', '+', '0', '1a.'])
      compareVersions(ecosystem, unit.repeat(20_000), `${unit.repeat(20_000)}1`);
  assert.ok(process.cpuUsage(started).user < 5_000_000);
});
