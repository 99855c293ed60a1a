// The table of hardening is held to the files that it names.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { AREAS, LINES } from './lines.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What `test(…)`, `it(…)` and `describe(…)` of a file are called, and a suite's `name`, as the source has them. */
function namesIn(source: string): ReadonlySet<string> {
  const found = source.matchAll(/(?:\b(?:test|it|describe)\(\s*|\bname: )(['"`])((?:\\.|(?!\1).)*)\1/gs);
  return new Set([...found].map(([, , name]) => name!.replaceAll(/\\(['"`])/g, '$1')));
}

test('each of the 67 lines is there once, in its area', () => {
  assert.deepEqual(
    LINES.map(({ line }) => line),
    Array.from({ length: 67 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    AREAS.flatMap(([, , from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)),
    LINES.map(({ line }) => line),
  );
});

test('each line names at least one test, and every test that is named exists', () => {
  const sources = new Map<string, ReadonlySet<string>>();
  for (const { line, shown } of LINES) {
    assert.ok(shown.length > 0, `line ${line} is shown by nothing`);
    for (const { file, names } of shown) {
      assert.ok(existsSync(join(ROOT, file)), `line ${line}: there is no ${file}`);
      let known = sources.get(file);
      if (!known) sources.set(file, (known = namesIn(readFileSync(join(ROOT, file), 'utf8'))));
      assert.ok(names.length > 0);
      for (const name of names) assert.ok(known.has(name), `line ${line}: ${file} has no test \`${name}\``);
    }
  }
});

test('tests that say which line they show are in the table', () => {
  const listed = new Set(
    LINES.flatMap(({ shown }) => shown.flatMap(({ file, names }) => names.map((name) => `${file} ${name}`))),
  );
  for (const file of new Set(LINES.flatMap(({ shown }) => shown.map((one) => one.file))))
    if (file.startsWith('test/hardening/'))
      for (const name of namesIn(readFileSync(join(ROOT, file), 'utf8')))
        if (name.startsWith('proxy-hardening')) assert.ok(listed.has(`${file} ${name}`), `${file}: \`${name}\` is in no line`);
});
