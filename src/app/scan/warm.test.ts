import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../..', import.meta.url));
const STATIC = /(?:^|\n)(?:import|export)\s(?!type\s)[\w$*{},\s]*?\sfrom\s+'([^']+)'/g;

/** Modules that are loaded with a file, before it is asked for anything. */
function loadedWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.startsWith(SOURCE)) return seen;
  for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(STATIC)) {
    const target = specifier.startsWith('#')
      ? join(SOURCE, specifier.slice(1))
      : specifier.startsWith('.')
        ? resolve(dirname(file), specifier)
        : specifier;
    loadedWith(target, seen);
  }
  return seen;
}

test('a scan of what was scanned before loads neither readers nor rules', () => {
  const loaded = [...loadedWith(join(SOURCE, 'app/scan/scan.ts'))].map((file) => file.replace(SOURCE, ''));
  assert.ok(loaded.includes('app/scan/cache.ts'), 'the walk follows imports');
  assert.deepEqual(
    loaded.filter((file) => !file.includes('/') && !file.startsWith('node:')),
    [],
    'no package',
  );
  assert.deepEqual(
    loaded.filter((file) => /^(?:syntax|policy|plan|pki|scan\/(?!judge\/|vulnerabilities\/|result))/.test(file)),
    [],
  );
  assert.ok(loaded.length < 60, `${loaded.length} modules`);
});

test('the engine itself is far larger', () => {
  assert.ok(loadedWith(join(SOURCE, 'app/scan/tree.ts')).size > 300);
});
