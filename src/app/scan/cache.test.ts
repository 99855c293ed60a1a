import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ScanResult } from '#scan/result.ts';
import { remembered } from './cache.ts';
import { scan } from './scan.ts';

const NOW = Date.parse('2026-11-24T00:00:00Z');
const POD =
  'apiVersion: v1\nkind: Pod\nmetadata: { name: cart }\nspec: { containers: [{ name: c, image: "shop/cart:latest" }] }\n';

interface World {
  write(file: string, text: string): void;
  scan(cache?: boolean): Promise<ScanResult>;
  /** Cache files by the end of their names. */
  cached(end: string): string[];
}

async function withTree(run: (world: World) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'cullis-cache-'));
  const [cwd, home] = [join(root, 'tree'), join(root, 'cache')];
  const folder = join(home, 'cullis', 'scan');
  mkdirSync(cwd);
  let second = 0;
  try {
    await run({
      write: (file, text) => {
        writeFileSync(join(cwd, file), text);
        // Two writes within one tick of the file system's clock would look alike.
        second++;
        utimesSync(join(cwd, file), second, second);
      },
      scan: async (cache = true) => {
        const request = { paths: [], cwd, env: { XDG_CACHE_HOME: home }, stdin: () => new Uint8Array(), nowMs: NOW };
        const { result } = await scan({ ...request, version: '1', render: false, cache });
        return result;
      },
      cached: (end) => {
        try {
          return readdirSync(folder)
            .filter((name) => name.endsWith(end))
            .map((name) => join(folder, name));
        } catch {
          return [];
        }
      },
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('what was found before is found again, and what changed is looked at', async () => {
  await withTree(async (world) => {
    world.write('pod.yaml', POD);
    world.write('notes.md', 'nothing here\n');
    const first = await world.scan();
    assert.ok(first.findings.some(({ location }) => location?.file === 'pod.yaml'));
    assert.deepEqual(await world.scan(), first);
    world.write('pod.yaml', POD.replace('latest', '1.2.3'));
    const changed = await world.scan();
    assert.notDeepEqual(changed.findings, first.findings);
    assert.deepEqual(changed, await world.scan(false));
    world.write('more.md', 'new\n');
    assert.equal((await world.scan()).files, 3);
  });
});

test('a file that has not changed is not looked at again', async () => {
  await withTree(async (world) => {
    world.write('notes.md', 'nothing here\n');
    world.write('pod.yaml', POD);
    await world.scan();
    const [parts = ''] = world.cached('.parts.json');
    const body = readFileSync(parts, 'utf8').replace(/^.*\n/, '');
    const kept = JSON.parse(body) as {
      files: Record<string, { entry: { ignores?: unknown; notAnalysed?: unknown } }>;
    };
    // A mark that nothing in the file itself would bring about.
    kept.files['notes.md']!.entry.notAnalysed = [{ file: 'notes.md', what: 'mark', message: 'from the cache' }];
    const marked = JSON.stringify(kept);
    writeFileSync(parts, `${hash('sha256', marked, 'base64url')}\n${marked}`);
    const marks = ({ notAnalysed }: ScanResult): number => notAnalysed.filter(({ what }) => what === 'mark').length;
    world.write('pod.yaml', `${POD}# changed\n`);
    assert.equal(marks(await world.scan()), 1);
    world.write('notes.md', 'changed\n');
    assert.equal(marks(await world.scan()), 0);
  });
});

test('a damaged cache counts as none', async () => {
  await withTree(async (world) => {
    world.write('pod.yaml', POD);
    const first = await world.scan();
    for (const damage of ['', '{', '[]', 'null', '{"stamps":1,"files":[],"units":{}}']) {
      for (const file of world.cached('.json')) writeFileSync(file, damage);
      assert.deepEqual(await world.scan(), first, damage);
    }
  });
});

test('without the cache nothing is written', async () => {
  await withTree(async (world) => {
    world.write('pod.yaml', POD);
    await world.scan(false);
    assert.deepEqual(world.cached(''), []);
  });
});

test('what depends on the code alone is made once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-cache-'));
  try {
    let made = 0;
    const make = (): Promise<number> => Promise.resolve(++made);
    assert.equal(await remembered(folder, 'figure', make), 1);
    assert.equal(await remembered(folder, 'figure', make), 1);
    assert.equal(await remembered(undefined, 'figure', make), 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
