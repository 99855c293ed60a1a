// The intruder of the example must not be blind: where a door is open it says so. Otherwise "all refused" would prove nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer as createTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../../examples/shop/intruder/certificate.ts';
import type { NamedPlace, Place, Result, Targets } from '../../examples/shop/intruder/targets.ts';

const INTRUDER = fileURLToPath(new URL('../../examples/shop/intruder.ts', import.meta.url));

async function listen(server: Server): Promise<Place & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ip: '127.0.0.1',
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        (server as { closeAllConnections?: () => void }).closeAllConnections?.();
      }),
  };
}

const http = (handler: RequestListener): Promise<Place & AsyncDisposable> => listen(createHttp(handler));
const at = ({ ip, port }: Place, workload: string, more: Partial<NamedPlace> = {}): NamedPlace => ({
  workload,
  ip,
  port,
  ...more,
});

function intrude(targets: Targets): Promise<{ readonly code: number; readonly results: ReadonlyMap<string, Result> }> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', INTRUDER_TARGETS: JSON.stringify(targets) };
    execFile(process.execPath, [INTRUDER], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (stdout === '') return reject(error ?? new Error(stderr));
      const results = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Result);
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, results: new Map(results.map((one) => [one.try, one])) });
    });
  });
}

const FORGED = "show another identity's certificate, self-signed";

test('open doors are reported as reached', async () => {
  await using billing = await http((_, response) => response.writeHead(201).end('{}'));
  await using cart = await http((_, response) => response.end('{"ready":true,"service":"cart"}'));
  await using database = await listen(
    createTcp((socket) => socket.once('data', () => socket.end('N')).on('error', () => socket.destroy())),
  );
  // A proxy that forgets to check who signed the certificate.
  const careless = {
    ...makeCertificate('spiffe://cluster.local/ns/ecommerce/sa/cart'),
    requestCert: true,
    rejectUnauthorized: false,
  };
  await using inbound = await listen(
    createTls(careless, (socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n{"service":"cart"}')).on('error', () => socket.destroy()),
    ),
  );
  const stateDir = mkdtempSync(join(tmpdir(), 'cullis-intruder-'));
  try {
    writeFileSync(join(stateDir, 'key'), 'x');
    const { code, results } = await intrude({
      billing,
      apps: [at(cart, 'ecommerce/cart'), at(database, 'ecommerce/customer-database', { protocol: 'tcp' })],
      inbound: [at(inbound, 'ecommerce/cart')],
      foreignOutbound: [at(billing, 'ecommerce/cart')],
      stateDir,
      admin: billing,
    });
    assert.equal(code, 1);
    for (const name of [
      'charge a customer through my own sidecar',
      'read invoices through my own sidecar',
      'read invoices with forged identity headers',
      'call other programs past their sidecars',
      "use another workload's outbound listener",
      'speak TLS without a certificate',
      FORGED,
      'read the state folder',
      'use the admin API',
    ]) {
      assert.equal(results.get(name)?.outcome, 'reached', `${name}: ${results.get(name)?.detail}`);
    }
    assert.match(results.get('call other programs past their sidecars')?.detail ?? '', /cart: .*customer-database: /);
    assert.equal(results.get('speak plaintext to a STRICT port')?.outcome, 'refused', 'a TLS port takes no plaintext');
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

test('closed doors are reported as refused, and doors that nobody named as untried', async () => {
  await using billing = await http((_, response) => response.writeHead(403).end('RBAC: access denied'));
  // In a namespace of its own, the address of another program leads to the intruder's own service.
  await using self = await http((_, response) => response.end('{"ready":true,"service":"logging"}'));
  await using silent = await listen(
    createTcp((socket) => socket.once('data', () => socket.destroy()).on('error', () => undefined)),
  );
  const { results } = await intrude({
    billing,
    apps: [at(self, 'ecommerce/cart'), at(silent, 'ecommerce/frontend')],
    stateDir: '/no/such/folder',
  });
  const rows: readonly (readonly [string, Result['outcome'], RegExp])[] = [
    ['charge a customer through my own sidecar', 'refused', /403 RBAC/],
    ['call other programs past their sidecars', 'refused', /frontend: connection closed without an answer/],
    ['read the state folder', 'refused', /not there/],
    [FORGED, 'untried', /no target known/],
    ['use the admin API', 'untried', /no target known/],
    ['pose as a proxy worker at the control socket', 'untried', /no target known/],
  ];
  for (const [name, outcome, detail] of rows) {
    assert.equal(results.get(name)?.outcome, outcome, name);
    assert.match(results.get(name)?.detail ?? '', detail, name);
  }
});
