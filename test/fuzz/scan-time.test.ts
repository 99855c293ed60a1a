// No text makes the scan's time grow faster than its size, whatever reader takes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyse } from '#app/scan/analyse.ts';
import { SHAPES } from './shapes.ts';
import type { Shape } from './shapes.ts';

/** One name for each reader. */
const NAMES = [
  'notes.txt',
  'deploy.yaml',
  'data.json',
  'openapi.json',
  'compose.yaml',
  'Dockerfile',
  'main.js',
  'main.py',
  'main.go',
  'Main.java',
  '.github/workflows/ci.yml',
  '.gitlab-ci.yml',
  'Jenkinsfile',
  'run.sh',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pom.xml',
  'requirements.txt',
  'go.mod',
  'poetry.lock',
  'bom.json',
  'a.spdx',
  'server.pem',
  'store.p12',
  'kustomization.yaml',
  'CODEOWNERS',
];
const SIZE = 40_000;
/** Below this nothing is worth a second look: the machine's own pauses are as long. */
const SUSPECT_MS = 25;
/** Four times the size takes four times as long; sixteen times would be the square. */
const GROWTH_MAX = 9;
const ATTEMPTS = 4;

/** Milliseconds of the processor for one file. */
function timeOf(name: string, text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  const before = process.cpuUsage();
  analyse([{ path: name, bytes, stamp: '' }], { nowMs: Date.parse('2026-11-24T00:00:00Z') });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Undefined when time grows with the size; else the best of some measurements, in words. */
function superlinear(time: (size: number) => number): string | undefined {
  const large = time(SIZE);
  if (large < SUSPECT_MS) return undefined;
  let [least, quarter] = [large, Number.POSITIVE_INFINITY];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    quarter = Math.min(quarter, time(SIZE / 4));
    least = Math.min(least, time(SIZE));
    if (least < SUSPECT_MS || least < GROWTH_MAX * Math.max(quarter, 1)) return undefined;
  }
  return `${quarter.toFixed(1)} ms for ${SIZE / 4} characters, ${least.toFixed(1)} ms for ${SIZE}`;
}

for (const name of NAMES)
  test(`time grows with the size of ${name}`, () => {
    const slow: string[] = [];
    for (const [shape, make] of Object.entries(SHAPES) as [string, Shape][]) {
      const told = superlinear((size) => timeOf(name, make(size)));
      if (told !== undefined) slow.push(`${shape}: ${told}`);
    }
    assert.deepEqual(slow, []);
  });

test('what takes the square of the size is told', () => {
  // Work of the processor, not of the clock: the counter must see it.
  const square = (size: number): number => {
    const before = process.cpuUsage();
    let sum = 0;
    for (let i = 0; i < (size / 200) ** 2 * 700; i++) sum = (sum + i) % 7;
    assert.ok(sum >= 0);
    return process.cpuUsage(before).user / 1000;
  };
  assert.match(superlinear(square) ?? '', /^\d/);
  assert.equal(
    superlinear((size) => size / 400),
    undefined,
  );
});
