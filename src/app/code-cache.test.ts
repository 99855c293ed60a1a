import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makePlaneCode, planeCode } from './code-cache.ts';

test('plain code is used exactly while it is of the sources as they are', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cullis-code-'));
  try {
    writeFileSync(join(root, 'package.json'), '{ "name": "x", "type": "module", "imports": { "#*": "./src/*" } }');
    for (const folder of ['app', 'base']) mkdirSync(join(root, 'src', folder), { recursive: true });
    const main = join(root, 'src', 'app', 'one.ts');
    writeFileSync(
      main,
      "import { two } from '#base/two.ts';\nexport const one: number = two + (await import('./three.ts')).three;\n",
    );
    writeFileSync(join(root, 'src', 'base', 'two.ts'), 'export const two: number = 2;\n');
    writeFileSync(join(root, 'src', 'app', 'three.ts'), "export const three = 'from ./not-code.ts'.length as number;\n");
    writeFileSync(join(root, 'src', 'app', 'one.test.ts'), 'none\n');

    assert.match(planeCode(root).mainOf('one'), /\.ts$/, 'there is none yet');
    makePlaneCode(root);
    const plain = planeCode(root).mainOf('one');
    assert.match(plain, /cullis-planes.*one\.js$/);
    assert.doesNotMatch(readFileSync(plain, 'utf8'), /number/);
    const { one } = (await import(plain)) as { one: number };
    assert.equal(one, 2 + 'from ./not-code.ts'.length);
    assert.deepEqual(readdirSync(join(plain, '..')).sort(), ['one.js', 'three.js'], 'tests stay out');

    const cache = join(root, 'node_modules', '.cache', 'cullis-planes');
    utimesSync(join(cache, readdirSync(cache)[0]!), 0, 0);
    writeFileSync(main, 'export const one: number = 1;\n');
    assert.match(planeCode(root).mainOf('one'), /\.ts$/, 'the sources have changed');
    makePlaneCode(root);
    assert.notEqual(planeCode(root).mainOf('one'), plain);
    makePlaneCode(root);
    assert.equal(readdirSync(cache).length, 1, 'old code is forgotten');
  } finally {
    rmSync(root, { recursive: true });
  }
});
