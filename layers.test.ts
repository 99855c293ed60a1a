import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LAYERS, PACKAGES } from './layers.ts';

const root = dirname(fileURLToPath(import.meta.url));
const IMPORT = /(?:^|\n)(?:import|export)\s[\w$*{},\s]*?\sfrom\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;

interface Violation {
  readonly file: string;
  readonly specifier: string;
  readonly why: string;
}

/** Judges the imports of one file of `src/`. Pure, so that the test below can show it refusing. */
export function violations(file: string, text: string): Violation[] {
  const found: Violation[] = [];
  const [, layer] = file.split('/');
  const isTest = file.endsWith('.test.ts');
  if (file === 'src/main.ts') {
    for (const specifier of specifiers(text))
      if (!specifier.startsWith('#cli/')) found.push({ file, specifier, why: 'main.ts imports cli/ only' });
    return found;
  }
  const row = LAYERS[layer!];
  if (!row) return [{ file, specifier: '', why: `layers.ts has no row for src/${layer}` }];
  for (const specifier of specifiers(text)) {
    if (specifier.startsWith('#')) {
      const target = specifier.slice(1).split('/')[0]!;
      if (target === layer) found.push({ file, specifier, why: 'inside a folder imports are relative' });
      // A test may reach for any kernel it is judged against, but never downwards past its own layer's readers.
      else if (!row.includes(target) && !isTest) found.push({ file, specifier, why: `${layer} may not import ${target}` });
    } else if (specifier.startsWith('.')) {
      const target = relative(root, resolve(root, dirname(file), specifier)).split('/');
      const outside = target[0] !== 'src' || target[1] !== layer;
      if (outside && !(isTest && target[0] === 'test'))
        found.push({ file, specifier, why: 'cross-folder imports carry the layer: #layer/file.ts' });
    } else if (!specifier.startsWith('node:')) {
      const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : specifier.split('/')[0]!;
      if (!(PACKAGES[layer!] ?? []).includes(name) && !isTest)
        found.push({ file, specifier, why: `${layer} may not import the package ${name}` });
    }
  }
  return found;
}

function specifiers(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

test('every import of src/ has its row in layers.ts', () => {
  const files = globSync('src/**/*.ts', { cwd: root });
  assert.ok(files.length > 10);
  assert.deepEqual(
    files.flatMap((file) => violations(file, readFileSync(join(root, file), 'utf8'))),
    [],
  );
});

test('the table itself has no circle', () => {
  const order = Object.keys(LAYERS);
  for (const [layer, row] of Object.entries(LAYERS))
    for (const target of row) assert.ok(order.indexOf(target) < order.indexOf(layer), `${layer} -> ${target} runs up the list`);
});

for (const [text, refused] of [
  [`import { a } from '#policy/permit.ts';`, true],
  [`import { a } from '../policy/permit.ts';`, true],
  [`import { a } from '#plan/x.ts';`, true],
  [`const a = await import('#proxy/worker.ts');`, true],
  [`import pg from 'pg';`, true],
  [`import { a } from '#base/assert.ts';\nimport { b } from './x.ts';\nimport fs from 'node:fs';`, false],
] as const)
  test(`layers: ${refused ? 'refuses' : 'accepts'} ${text.split('\n')[0]}`, () => {
    assert.equal(violations('src/plan/example.ts', text).length > 0, refused);
  });

/** The first circle of imports that is found, as a path of files; empty when there is none. */
export function circle(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of imports.get(file) ?? []) {
      const found = visit(next);
      if (found.length > 0) return found;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const found = visit(file);
    if (found.length > 0) return found;
  }
  return [];
}

test('no file imports itself through others, types included', () => {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  const imports = new Map(
    files.map((file) => [
      file,
      specifiers(readFileSync(join(root, file), 'utf8')).flatMap((specifier) => {
        if (specifier.startsWith('#')) return [`src/${specifier.slice(1)}`];
        return specifier.startsWith('.') ? [relative(root, resolve(root, dirname(file), specifier))] : [];
      }),
    ]),
  );
  assert.deepEqual(circle(imports), []);
  assert.deepEqual(
    circle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
    ['b', 'c', 'b'],
  );
});

test('a file stays one that somebody would want to open', () => {
  const long = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 500);
  assert.deepEqual(long, []);
});
