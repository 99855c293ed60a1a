// The example shop as `npm start` runs it: a breach that policy stops, an intruder who gets nowhere, every link mutual TLS, and a page to look at.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import type { ExplainResponse, StatusResponse } from '#api/control.ts';
import type { Try } from '#app/breach.ts';
import { isolationAvailable } from '#host/isolation.ts';
import { readJournal } from '#telemetry/journal.ts';
import { ask, assertNothingLeft, Command, processesOf, removeFolder, ROOT, tempFolder, until } from './running.ts';

interface Demo {
  readonly breach: {
    readonly off: readonly Try[];
    readonly on: readonly Try[];
    readonly explanation: ExplainResponse;
    readonly intruder: readonly Try[];
  };
  readonly status: StatusResponse;
  readonly admin: string;
}

const folder = tempFolder();
const state = join(folder, 'state');
after(() => removeFolder(folder));

/** In plain mode the sidecar can be gone around by any local process, which the product says; these tries show it. */
const OPEN_IN_PLAIN_MODE = ['call other programs past their sidecars'];

const MODES = [
  ['namespaces', isolationAvailable().ok ? false : 'no namespaces on this machine'],
  ['none', false],
] as const;

for (const [isolation, skip] of MODES) {
  describe(`the shop, isolation ${isolation}`, { skip, timeout: 90_000 }, () => {
    const words = [
      process.execPath,
      join(ROOT, 'tools', 'bootstrap.mjs'),
      'run',
      'bin/cullis.js',
      'demo',
      '--state',
      state,
      '--json',
    ];
    let command: Command;
    let demo: Demo;
    before(async () => {
      command = new Command([...words, '--isolation', isolation], { group: true });
      demo = JSON.parse(await command.line(/^\{/, 60_000)) as Demo;
    });
    after(async () => {
      command.child.kill('SIGINT');
      await command.ended;
    });

    test('the billing API is reached with policy off, refused with policy on, and the refusal is explained', () => {
      const { breach } = demo;
      const outcomes = (tries: readonly Try[]): string[] =>
        tries.filter((one) => one.outcome !== 'untried').map((one) => one.outcome);
      assert.deepEqual(outcomes(breach.off).slice(0, 2), ['reached', 'reached']);
      assert.deepEqual(outcomes(breach.on).slice(0, 2), ['refused', 'refused']);
      const { event, reasons, change } = breach.explanation;
      assert.ok(
        event.type === 'exchange' && event.source.endsWith('/sa/logging') && event.workload === 'ecommerce/payment-processing',
      );
      assert.match(reasons[0]?.at ?? '', /payment-processing\.yaml:\d+:\d+/);
      assert.match(change?.yaml ?? '', /sa\/logging/);
    });

    test('what the intruder reaches is exactly what the isolation leaves open', () => {
      const { breach } = demo;
      assert.ok(breach.intruder.length >= 21);
      const reached = breach.intruder.filter((one) => one.outcome === 'reached').map((one) => one.try);
      const untried = breach.intruder.filter((one) => one.outcome === 'untried').map((one) => `${one.try}: ${one.detail}`);
      assert.deepEqual(untried, [], 'a door that nobody tried proves nothing');
      if (isolation === 'namespaces') assert.deepEqual(reached, []);
      else for (const name of OPEN_IN_PLAIN_MODE) assert.ok(reached.includes(name), `plain mode claims to close: ${name}`);
      for (const one of breach.intruder) assert.notEqual(one.detail, '', one.try);
    });

    test('what the intruder tried past the mesh is on record', { skip: isolation === 'none' }, async () => {
      const rules = new Set<string>();
      await until('the tries are written down', async () => {
        for await (const event of readJournal(join(state, 'journal')))
          if (event.type === 'egress' && event.what === 'address' && event.workload === 'ecommerce/logging')
            rules.add(event.rule);
        return rules.size >= 3;
      });
      for (const rule of ['metadata-address', 'workload-address', 'no-way']) assert.ok(rules.has(rule), [...rules].join());
    });

    test('every service is ready, has an identity, and every link between two of them is mutual TLS 1.3', () => {
      const { status } = demo;
      assert.equal(status.isolation, isolation);
      assert.equal(status.ready, true);
      assert.equal(status.rejected, null);
      assert.equal(status.workloads.length, 6);
      for (const one of status.workloads) assert.ok(one.state === 'ready' && one.certificate && one.restarts === 0, one.id);
      const inner = status.links.filter((one) => one.source !== 'client');
      assert.ok(inner.length >= 8);
      for (const link of inner.filter((one) => one.requests > 0))
        assert.ok(link.mtls && link.tlsProtocol === 'TLSv1.3', `${link.source} -> ${link.destination}`);
      // The services keep their connections, so this is seen while they are open.
      const database = inner.filter((one) => one.destination === 'ecommerce/customer-database' && one.requests > 0);
      assert.deepEqual(
        database.map((one) => one.protocol),
        ['tcp', 'tcp'],
      );
      for (const worker of status.workers) assert.ok(worker.rssBytes > 0 && worker.rssBytes < 200e6, `${worker.rssBytes} bytes`);
    });

    test('customers are served, and the page is there', async () => {
      const { url } = demo.status.gateways[0]!;
      const shop = await ask(url, '/');
      assert.equal(shop.status, 200);
      assert.match(shop.body, /<html/);
      assert.equal((await ask(url, '/api/staff/sales')).status, 403);
      const page = await ask(demo.admin, '/');
      assert.equal(page.status, 200);
      assert.match(page.body, /<svg|graph/);
    });

    test('the database survives kill -9 with what was acknowledged', async (t) => {
      const { url } = demo.status.gateways[0]!;
      const cookie = await login(url);
      await call(url, 'POST', '/api/cart/items', cookie, { sku: 'lantern', quantity: 1 });
      const paid = (await (await call(url, 'POST', '/api/checkout', cookie, {})).json()) as { orderId: string };
      process.kill(processesOf(state).find(({ name }) => name === 'ecommerce/customer-database')!.pid, 'SIGKILL');
      const tookMs = await until('the order is shown again', async () => {
        const orders = await call(url, 'GET', '/api/orders', cookie);
        return orders.ok && (await orders.text()).includes(paid.orderId);
      });
      t.diagnostic(`served again after ${tookMs.toFixed(0)} ms`);
    });

    test('Ctrl-C in the terminal ends all of it', async (t) => {
      const started = processesOf(state);
      assert.ok(started.length >= 8);
      const startedMs = performance.now();
      process.kill(-command.child.pid!, 'SIGINT');
      assert.equal((await command.ended).code, 0, command.all);
      const tookMs = performance.now() - startedMs;
      t.diagnostic(`stopped in ${tookMs.toFixed(0)} ms`);
      assert.ok(tookMs < 6500);
      assertNothingLeft(state, started);
    });
  });
}

function call(url: string, method: string, path: string, cookie: string, body?: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(cookie && { cookie }) };
  return fetch(new URL(path, url), { method, headers, ...(body && { body: JSON.stringify(body) }) });
}

/** @returns the session's cookie */
async function login(url: string): Promise<string> {
  const answer = await call(url, 'POST', '/api/login', '', { name: 'survivor', password: 'a long enough password' });
  assert.equal(answer.status, 200);
  return answer.headers.get('set-cookie')!.split(';', 1)[0]!;
}
