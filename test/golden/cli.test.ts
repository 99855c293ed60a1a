// What the commands print, word for word. Each file in cli/ is the command, a line of dashes, and everything that came of it.
// After a wanted change: `CULLIS_GOLDEN=update npm test golden/cli`, then read the diff.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cullis } from '../fakes/cli.ts';
import type { CliWorld } from '../fakes/cli.ts';
import { fakeControl } from '../fakes/control-api.ts';
import type { FakeControl } from '../fakes/control-api.ts';
import { NOW_MS, SHOP_ANSWERS } from '../fakes/shop-status.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = fileURLToPath(new URL('./cli', import.meta.url));
const SHOP = 'examples/shop/manifests';
const FIXTURE = 'examples/security-guide/shopping-cart-policy.yaml';
const SEE = 'test/fixtures/see';
const OVERLAYS = 'test/fixtures/see-parity/overlays';

/** File name -> words after `cullis`. */
const OFFLINE: Readonly<Record<string, readonly string[]>> = {
  help: [],
  'help-check': ['check', '--help'],
  'help-request': ['request', '--help'],
  'unknown-command': ['versoin'],
  'unknown-flag': ['check', '--nmespace', 'x'],
  'missing-argument': ['explain'],
  'missing-flag': ['request', '--from', 'cart'],
  'check-shop': ['check', SHOP],
  'check-fixture': ['check', FIXTURE],
  'check-mistakes': ['check', 'test/golden/cli/mistakes.yaml'],
  'check-nothing': ['check', 'no-such-folder'],
  'request-denied': [
    'request',
    '--from',
    'logging',
    '--to',
    'payment-processing',
    '--method',
    'POST',
    '--path',
    '/api/charge',
    SHOP,
  ],
  'request-allowed': [
    'request',
    '--from',
    'cart',
    '--to',
    'payment-processing',
    '--method',
    'POST',
    '--path',
    '/api/charge',
    SHOP,
  ],
  'request-plaintext': ['request', '--from', 'anyone', '--to', 'cart', '--path', '/api/cart/1', SHOP],
  'request-normalised': ['request', '--from', 'user-service', '--to', 'cart', '--path', '/x/..//api/cart/1', SHOP],
  'request-staff': ['request', '--from', 'shop', '--to', 'frontend', '--path', '/api/staff/sales', SHOP],
  'request-staff-token': [
    'request',
    '--from',
    'shop',
    '--to',
    'frontend',
    '--path',
    '/api/staff/sales',
    '--claim',
    'iss=https://login.shop.example',
    '--claim',
    'sub=ann',
    SHOP,
  ],
  'request-fixture': [
    'request',
    '--from',
    'logging',
    '--to',
    'payment-processing',
    '--path',
    '/api/cart/1',
    FIXTURE,
    `${SHOP}/payment-processing.yaml`,
    `${SHOP}/logging.yaml`,
  ],
  'request-unknown': ['request', '--from', 'user-servic', '--to', 'cart', SHOP],
  'help-scan': ['scan', '--help'],
  'help-gate': ['gate', '--help'],
  'scan-see': ['scan', SEE],
  'scan-shop': ['scan', SHOP],
  'scan-nothing': ['scan', 'no-such-folder'],
  'gate-closed': ['gate', SEE],
  'gate-open': ['gate', '--policy', 'test/golden/cli/gate-open.yaml', SHOP],
  'gate-mistakes': ['gate', '--policy', 'test/golden/cli/gate-mistakes.yaml', SHOP],
  paths: ['paths', SEE],
  'paths-none': ['paths', '--to', 'db', '--from', 'no-such-workload', SEE],
  blast: ['blast', 'web', SEE],
  fix: ['fix', SEE],
  'fix-diff': ['fix', '--diff', SEE],
  'fix-nothing': ['fix', SHOP],
  'reach-allowed': ['reach', 'shop/web', 'shop/db', SEE],
  'reach-refused': ['reach', '203.0.113.9', 'db', SEE],
  'reach-internet': ['reach', 'internet', 'web', SEE],
  'reach-unknown': ['reach', 'internet', 'wbe', SEE],
  netmap: ['netmap', SEE],
  'netmap-synthesise': ['netmap', '--synthesise', SEE],
  parity: ['parity', `${OVERLAYS}/staging`, `${OVERLAYS}/production`],
  threats: ['threats', SEE],
  'status-nothing': ['status'],
  'completion-fish': ['completion', 'fish'],
  'complete-command': ['__complete', '--', 'i'],
};

const LIVE: Readonly<Record<string, readonly string[]>> = {
  status: ['status'],
  explain: ['explain', '01a2b3c4-0000-7000-8000-000000000001'],
  'explain-unknown': ['explain', '01a2b3c4-0000-7000-8000-00000000ffff'],
  'identity-ls': ['identity', 'ls'],
  'identity-show': ['identity', 'show', 'payment-processing'],
  'identity-unknown': ['identity', 'show', 'payment-procesing'],
  'operator-ls': ['operator', 'ls'],
};

let control: FakeControl;
let state: string;
before(async () => {
  control = await fakeControl(SHOP_ANSWERS);
  state = mkdtempSync(join(tmpdir(), 'cullis-golden-'));
  mkdirSync(join(state, '.cullis'));
  writeFileSync(join(state, '.cullis', 'admin-url'), `${control.url}\n`);
  writeFileSync(join(state, '.cullis', 'operator-token'), `${control.token}\n`);
});
after(async () => {
  await control.close();
  rmSync(state, { recursive: true });
});

async function compare(name: string, args: readonly string[], world: CliWorld): Promise<void> {
  const { code, stdout, stderr } = await cullis(args, { ...world, env: { NO_COLOR: '1' }, nowMs: NOW_MS });
  const command = ['cullis', ...args.map((word) => (/[^\w./:=*-]/.test(word) ? `'${word}'` : word))].join(' ');
  const parts = [stdout, stderr === '' ? '' : `--- stderr\n${stderr}`, `--- exit ${code}\n`];
  const text = `$ ${command}\n----------\n${parts.join('')}`
    .replaceAll(control?.url ?? '\0', 'http://127.0.0.1:PORT')
    .replace(/ in \d+\.\d\d s$/m, ' in N s');
  const file = join(FILES, `${name}.txt`);
  if (process.env['CULLIS_GOLDEN'] === 'update') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'), `${name}.txt differs; CULLIS_GOLDEN=update writes it anew`);
}

for (const [name, args] of Object.entries(OFFLINE)) test(`prints as in ${name}.txt`, () => compare(name, args, { cwd: ROOT }));
for (const [name, args] of Object.entries(LIVE)) test(`prints as in ${name}.txt`, () => compare(name, args, { cwd: state }));

test('every golden file belongs to a command', () => {
  const known = new Set([...Object.keys(OFFLINE), ...Object.keys(LIVE)].map((name) => `${name}.txt`));
  assert.deepEqual(
    readdirSync(FILES).filter((file) => file.endsWith('.txt') && !known.has(file)),
    [],
  );
});
