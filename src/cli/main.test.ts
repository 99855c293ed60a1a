import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cullis } from '../../test/fakes/cli.ts';
import { fakeControl } from '../../test/fakes/control-api.ts';
import { SHOP_ANSWERS } from '../../test/fakes/shop-status.ts';

const cwd = fileURLToPath(new URL('../..', import.meta.url));
const SHOP = 'examples/shop/manifests';

/** A folder with a state folder in it that names this control plane. */
function stateFor(url: string, token: string): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'cullis-cli-'));
  mkdirSync(join(folder, '.cullis'));
  writeFileSync(join(folder, '.cullis', 'admin-url'), url);
  writeFileSync(join(folder, '.cullis', 'operator-token'), token);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

describe('exit codes', () => {
  const rows: readonly (readonly [code: number, ...words: string[]])[] = [
    [0, 'version'],
    [0, '--help'],
    [0, 'help', 'check'],
    [0, 'check', SHOP],
    [1, 'check', '--fail-on', 'medium', SHOP],
    [1, 'check', 'examples/security-guide'],
    [0, 'check', '--fail-on', 'never', 'examples/security-guide'],
    [1, 'check', 'test/golden/cli/mistakes.yaml'],
    [1, 'check', SHOP, 'no-such-file.yaml'],
    [2, 'check', 'no-such-file.yaml'],
    [2, 'check', 'docs/decisions'],
    [2, 'chekc'],
    [2, 'check', '--colour'],
    [2, 'check', '--fail-on', 'purple', SHOP],
    [2, 'identity', 'shwo'],
    [2, 'explain'],
    [2, 'explain', 'a', 'b'],
    [2, 'request', '--from', 'cart', '--to', 'cart', '--port', '70000', SHOP],
    [2, 'request', '--from', 'cart', '--to', 'cart', '--header', 'no-colon', SHOP],
    [2, 'request', '--from', 'cart', '--to', 'cart', 'test/golden/cli/mistakes.yaml'],
    [2, 'completion', 'tcsh'],
    [2, 'status', '--state', 'no-such-state'],
  ];
  for (const [code, ...words] of rows) {
    test(`${code}: cullis ${words.join(' ')}`, async () => {
      const result = await cullis(words, { cwd });
      assert.equal(result.code, code, result.stdout + result.stderr);
      if (code === 2) assert.match(result.stderr, /^error /m);
    });
  }
});

test('a bug gives 70 and a reference, the stack only on demand', async () => {
  const broken = {
    cwd,
    get env(): never {
      throw new TypeError('inner detail');
    },
  };
  await assert.rejects(cullis(['version'], broken), TypeError);
  const noCwd = {
    get cwd(): string {
      return undefined as unknown as string;
    },
  };
  const quiet = await cullis(['check', 'x'], noCwd);
  assert.equal(quiet.code, 70);
  assert.match(quiet.stderr, /^bug .* reference [0-9a-f]{8}\n {2}help: /);
  assert.doesNotMatch(quiet.stderr, /\.ts:|TypeError/);
  const loud = await cullis(['check', 'x'], { ...noCwd, cwd: undefined as unknown as string, env: { CULLIS_DEBUG: '1' } });
  assert.match(loud.stderr, /TypeError/);
  const json = await cullis(['check', '--json', 'x'], noCwd);
  assert.match(JSON.parse(json.stdout).error.reference, /^[0-9a-f]{8}$/);
  assert.equal(
    JSON.parse(json.stdout).error.reference,
    /reference ([0-9a-f]{8})/.exec(quiet.stderr)?.[1],
    'the same fault has the same reference',
  );
});

test('what was typed for a wrong argument is not repeated, for it may be a secret', async () => {
  const secret = 's3cr3t-t0k3n';
  const rows = [
    ['check', `--tokn=${secret}`],
    ['explain', 'id', secret],
    ['request', '--from', 'cart', '--to', 'cart', '--header', secret, SHOP],
    ['request', '--from', 'cart', '--to', 'cart', '--claim', secret, SHOP],
    ['request', '--from', 'cart', '--to', 'cart', '--port', secret, SHOP],
    ['check', '--fail-on', secret, SHOP],
    ['check', `--json=${secret}`, SHOP],
  ];
  for (const words of rows) {
    const { code, stdout, stderr } = await cullis(words, { cwd });
    assert.equal(code, 2, words.join(' '));
    assert.doesNotMatch(stdout + stderr, new RegExp(secret), words.join(' '));
  }
});

test('colours only where they are wanted', async () => {
  const words = ['check', 'examples/security-guide'];
  assert.doesNotMatch((await cullis(words, { cwd })).stdout, /\x1b/);
  assert.match((await cullis(words, { cwd, isTTY: true })).stdout, /\x1b\[/);
  assert.doesNotMatch((await cullis(words, { cwd, isTTY: true, env: { NO_COLOR: '1' } })).stdout, /\x1b/);
  assert.match((await cullis(words, { cwd, env: { FORCE_COLOR: '1' } })).stdout, /\x1b\[/);
});

test('--json is one JSON value on stdout for every command that shows data', async () => {
  const control = await fakeControl(SHOP_ANSWERS);
  try {
    using state = stateFor(control.url, control.token);
    const rows: readonly (readonly [string, readonly string[]])[] = [
      [cwd, ['version', '--json']],
      [cwd, ['check', '--json', SHOP]],
      [cwd, ['request', '--json', '--from', 'logging', '--to', 'cart', SHOP]],
      [cwd, ['completion', 'bash', '--json']],
      [state.folder, ['status', '--json']],
      [state.folder, ['identity', 'ls', '--json']],
      [state.folder, ['identity', 'show', 'cart', '--json']],
      [state.folder, ['operator', 'ls', '--json']],
      [state.folder, ['explain', '01a2b3c4-0000-7000-8000-000000000001', '--json']],
      [state.folder, ['doctor', '--json']],
      [cwd, ['status', '--json', '--state', 'no-such-state']],
    ];
    for (const [folder, words] of rows) {
      const { stdout } = await cullis(words, { cwd: folder });
      assert.equal(typeof JSON.parse(stdout), 'object', words.join(' '));
    }
  } finally {
    await control.close();
  }
});

describe('the control API', () => {
  test('a wrong token is said to be wrong, and is not shown', async () => {
    const control = await fakeControl(SHOP_ANSWERS);
    try {
      using state = stateFor(control.url, 'another-token');
      const { code, stderr } = await cullis(['status'], { cwd: state.folder });
      assert.equal(code, 2);
      assert.match(stderr, /api\.unauthorized/);
      assert.doesNotMatch(stderr, /another-token/);
      const right = await cullis(['status'], { cwd: state.folder, env: { CULLIS_TOKEN: control.token } });
      assert.equal(right.code, 0, 'CULLIS_TOKEN wins over the file');
    } finally {
      await control.close();
    }
  });

  test('a token is never sent to an address that is not loopback', async () => {
    for (const url of [
      'http://192.0.2.1:80',
      'https://127.0.0.1:1',
      'http://localhost.example:1',
      'http://127.0.0.1.example:1',
      'file:///etc/passwd',
      'nonsense',
    ]) {
      using state = stateFor(url, 'token');
      const { code, stderr } = await cullis(['status'], { cwd: state.folder });
      assert.equal(code, 2);
      assert.match(stderr, /loopback/, url);
    }
  });

  test('nothing listening is said so', async () => {
    const control = await fakeControl(SHOP_ANSWERS);
    await control.close();
    using state = stateFor(control.url, control.token);
    const { code, stderr } = await cullis(['status'], { cwd: state.folder });
    assert.equal(code, 2);
    assert.match(stderr, /control\.unreachable: the control API at 127\.0\.0\.1:\d+ does not listen/);
  });
});
