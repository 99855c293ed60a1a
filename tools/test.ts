// `npm test [PATTERN …]`: unit tests in one process and random order, then the tests that start processes. Patterns pick files by part of their path.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const patterns = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const LANE_TIMEOUT_MS = 200_000;
const coverage = process.argv.includes('--coverage');

function files(...globs: string[]): string[] {
  return globs
    .flatMap((glob) => globSync(glob, { cwd: root }))
    .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
    .sort();
}

function lane(name: string, list: string[], flags: string[]): number {
  if (list.length === 0) return 0;
  const startedMs = Date.now();
  const done = spawnSync(
    process.execPath,
    [
      '--test',
      // Dots where a person watches; a log needs the summary only.
      ...(process.stderr.isTTY ? ['--test-reporter=dot', '--test-reporter-destination=stderr'] : []),
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      ...flags,
      ...list,
    ],
    {
      cwd: root,
      stdio: ['ignore', process.env['CULLIS_TEST_VERBOSE'] ? 'inherit' : 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'compile') },
      maxBuffer: 256 * 1024 * 1024,
      // A lane that hangs must fail, and say where, well before whoever runs it gives up.
      timeout: LANE_TIMEOUT_MS,
      encoding: 'utf8',
    },
  );
  const text = done.stdout ?? '';
  if (text) {
    const lines = text.split('\n');
    const summaryAt = lines.findLastIndex((line) => line.startsWith('ℹ tests '));
    const skipped = lines.filter((line) => /# (SKIP|skip)/.test(line)).map((line) => `  ${line.trim()}`);
    if (done.status !== 0)
      console.log(
        text.slice(text.indexOf('✖ failing tests') >= 0 ? text.indexOf('✖ failing tests') : Math.max(0, text.length - 20_000)),
      );
    if (skipped.length > 0) console.log([...new Set(skipped)].join('\n'));
    if (summaryAt >= 0)
      console.log(
        lines
          .slice(summaryAt)
          .filter((line) => line !== '' && !line.startsWith('✖'))
          .slice(0, 8)
          .join('\n'),
      );
  }
  console.log(
    `${name}: ${list.length} files in ${((Date.now() - startedMs) / 1000).toFixed(1)} s, ${done.status === 0 ? 'passed' : 'FAILED'}`,
  );
  return done.status === 0 ? 0 : 1;
}

const unit = lane(
  'unit',
  files('layers.test.ts', 'src/**/*.test.ts', 'test/golden/**/*.test.ts', 'test/hardening/**/*.test.ts', 'tools/**/*.test.ts'),
  [
    '--test-isolation=none',
    '--test-randomize',
    ...(coverage ? ['--experimental-test-coverage', '--test-coverage-exclude=**/*.test.ts'] : []),
  ],
);
const fuzz = lane('fuzz', files('test/fuzz/**/*.test.ts'), ['--test-isolation=none']);
const e2e = lane('e2e', files('test/e2e/**/*.test.ts'), ['--test-concurrency=1', '--test-timeout=120000']);
process.exitCode = unit + fuzz + e2e > 0 ? 1 : 0;
