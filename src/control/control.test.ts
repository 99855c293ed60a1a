import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import test, { type TestContext } from 'node:test';
import { eventsResponse, explainResponse, identitiesResponse, servicesResponse, statusResponse } from '#api/control.ts';
import type { Kv } from '#model/ports.ts';
import type { FromControl, FromWorker, WorkerReport } from '#model/snapshot.ts';
import { createCsr } from '#pki/csr.ts';
import { generateKey } from '#pki/keys.ts';
import type { NodePlan } from '#plan/plan.ts';
import { openJournal, type Journal } from '#telemetry/journal.ts';
import { createLogger } from '#telemetry/log.ts';
import { Metrics } from '#telemetry/metrics.ts';
import { fakeKeyWrap, fakeKv, fakePlan, fakeSystem, identityOf } from '../../test/fakes/control.ts';
import { fakeClock, fakeRandom } from '../../test/fakes/time.ts';
import { type Control, type ControlPorts, startControl } from './control.ts';
import { linkStats } from '../../test/fakes/links.ts';

const NAMES = ['cart', 'billing'];
const OBSERVED = { placements: {}, gateways: {}, isolation: 'none' } as const;
const TOKEN = 't'.repeat(43);

class Worker {
  readonly socket: Socket;
  readonly #lines: Interface;
  readonly #seen: FromControl[] = [];
  readonly #waiting: (() => void)[] = [];
  closed = false;
  /** Says no to these versions. */
  readonly refuses = new Set<string>();
  answers = true;

  constructor(socketPath: string) {
    this.socket = connect(socketPath);
    this.#lines = createInterface({ input: this.socket });
    this.socket.on('error', () => undefined);
    this.#lines.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
      for (const wake of this.#waiting) wake();
    });
    this.#lines.on('line', (line) => {
      const message = JSON.parse(line) as FromControl;
      if (message.type === 'snapshot' && this.answers) {
        const { version } = message;
        this.say(
          this.refuses.has(version)
            ? { type: 'nack', version, reason: 'cannot compile' }
            : { type: 'ack', version, trustVersion: message.trustVersion },
        );
      }
      this.#seen.push(message);
      for (const wake of this.#waiting) wake();
    });
  }

  say(message: FromWorker): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  hello(name = 'proxy/1', token = TOKEN): this {
    this.say({ type: 'hello', token, name, pid: 4242 });
    return this;
  }

  /** The next message of this type, taken out of what has come; waits for it. */
  async next<T extends FromControl['type']>(type: T): Promise<Extract<FromControl, { readonly type: T }>> {
    for (;;) {
      const at = this.#seen.findIndex((message) => message.type === type);
      if (at >= 0) return this.#seen.splice(at, 1)[0] as Extract<FromControl, { readonly type: T }>;
      if (this.closed) throw new Error('closed');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

interface Bench {
  readonly control: Control;
  readonly clock: ReturnType<typeof fakeClock>;
  readonly journal: Journal;
  readonly dir: string;
  readonly kv: Kv;
  readonly ports: ControlPorts;
  worker(): Worker;
  apply(plan: NodePlan): ReturnType<Control['applySystem']>;
  get(path: string): Promise<unknown>;
  /** @returns status and body */
  post(path: string, body: object): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  restart(change?: Partial<ControlPorts>): Promise<Control>;
}

async function bench(t: TestContext, change: Partial<ControlPorts> = {}): Promise<Bench> {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-control-'));
  const clock = fakeClock();
  const random = fakeRandom();
  const journal = await openJournal(join(dir, 'journal'), { node: 'control', clock, random });
  const kv = fakeKv();
  const ports: ControlPorts = {
    kv,
    keyWrap: fakeKeyWrap(),
    journal,
    journalDir: join(dir, 'journal'),
    clock,
    random,
    metrics: new Metrics(),
    log: createLogger({ name: 'control', format: 'json', level: 'silent' }),
    version: '0.1.0',
    isolation: 'none',
    run: 'run-1',
    socketPath: join(dir, 'run', 'control.sock'),
    workerTokens: new Map([
      ['proxy/1', TOKEN],
      ['proxy/2', TOKEN],
    ]),
    admin: { address: '127.0.0.1', port: 0 },
    reload: async () => ({ applied: true, version: 'a', reason: '', diagnostics: [] }),
    ...change,
  };
  let control = await startControl(ports);
  const workers: Worker[] = [];
  t.after(async () => {
    for (const worker of workers) worker.socket.destroy();
    await control.close();
    await journal.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    get control() {
      return control;
    },
    clock,
    journal,
    dir,
    kv,
    ports,
    worker() {
      const worker = new Worker(ports.socketPath);
      workers.push(worker);
      return worker;
    },
    apply: (plan) => control.applySystem(fakeSystem(NAMES), OBSERVED, plan),
    async get(path) {
      const token = control.operators.createForThisRun('test', 'admin');
      const answer = await fetch(control.adminUrl + path, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, 200, path);
      return answer.json();
    },
    async post(path, body) {
      const token = control.operators.createForThisRun('test', 'admin');
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const answer = await fetch(control.adminUrl + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    async restart(again = {}) {
      await control.close();
      control = await startControl({ ...ports, ...again });
      return control;
    },
  };
}

function report(name: string, change: Partial<WorkerReport> = {}): FromWorker {
  return {
    type: 'report',
    report: { name, pid: 4242, rssBytes: 1000, snapshotVersion: '', certificates: [], links: [], metrics: '', ...change },
  };
}

test('a worker with the right token gets the snapshot, and its certificate', async (t) => {
  const b = await bench(t);
  assert.deepEqual(await b.apply(fakePlan('a', NAMES)), { ok: true });
  const worker = b.worker().hello();
  const snapshot = await worker.next('snapshot');
  assert.equal(snapshot.version, 'a'.repeat(64));
  assert.equal(snapshot.expiresAtMs, b.clock.nowMs() + 600_000);
  assert.equal(Buffer.from(snapshot.sessionKey, 'base64').length, 32);
  const key = generateKey();
  worker.say({ type: 'csr', identity: identityOf('cart'), csrPem: createCsr(identityOf('cart'), key) });
  const { chainPem } = await worker.next('svid');
  const leaf = new X509Certificate(chainPem);
  assert.ok(leaf.publicKey.equals(createPublicKey(key.privateKey)));
  const [root] = snapshot.bundle.roots['cluster.local']!;
  const issuing = new X509Certificate(chainPem.slice(chainPem.lastIndexOf('-----BEGIN')));
  assert.ok(leaf.verify(issuing.publicKey) && issuing.verify(new X509Certificate(root!).publicKey));
});

test('certificates of identities that are not in the plan are refused, and that is on record', async (t) => {
  const b = await bench(t, { identitiesOf: (worker, plan) => (worker === 'proxy/1' ? [plan.workloads[0]!.identity] : []) });
  await b.apply(fakePlan('a', NAMES));
  const [one, two] = [b.worker().hello('proxy/1'), b.worker().hello('proxy/2')];
  const rows: readonly [Worker, string, string][] = [
    [one, identityOf('logging'), identityOf('logging')],
    [one, identityOf('billing'), identityOf('billing')],
    [one, identityOf('cart'), identityOf('billing')],
    [one, 'spiffe://other.example/ns/shop/sa/cart', 'spiffe://other.example/ns/shop/sa/cart'],
    [two, identityOf('cart'), identityOf('cart')],
  ];
  for (const [worker, identity, asked] of rows) {
    worker.say({ type: 'csr', identity, csrPem: createCsr(asked, generateKey()) });
    assert.equal((await worker.next('svid-refused')).identity, identity);
  }
  one.say({ type: 'csr', identity: identityOf('cart'), csrPem: createCsr(identityOf('cart'), generateKey()) });
  await one.next('svid');
  const { events } = eventsResponse.parse(await b.get('/api/v1/events?type=certificate'));
  assert.equal(events.filter((event) => event.type === 'certificate' && event.action === 'refused').length, rows.length);
});

test('who does not show the right token first, or sends what is none of the messages, is cut off', async (t) => {
  const b = await bench(t);
  await b.apply(fakePlan('a', NAMES));
  const rows: readonly [string, (worker: Worker) => void][] = [
    ['wrong token', (worker) => worker.hello('proxy/1', 'x'.repeat(43))],
    ['unknown name', (worker) => worker.hello('proxy/9')],
    ['the token of nobody', (worker) => worker.hello('__proto__', '')],
    ['no hello', (worker) => worker.say({ type: 'ack', version: 'a'.repeat(64), trustVersion: 1 })],
    ['two hellos', (worker) => worker.hello().hello()],
    ['no JSON', (worker) => worker.socket.write('GET / HTTP/1.1\r\n')],
    ['another message', (worker) => worker.hello().socket.write('{"type":"shutdown"}\n')],
    ['more than the message', (worker) => worker.hello().socket.write('{"type":"ack","version":"a","x":1}\n')],
    ['a line without end', (worker) => worker.hello().socket.write(Buffer.alloc(9 * 1024 * 1024, 0x20))],
  ];
  for (const [name, act] of rows) {
    const worker = b.worker();
    act(worker);
    await worker.end();
    assert.ok(worker.closed, name);
  }
  assert.equal(
    b.control.status().workers.some((worker) => worker.connected),
    false,
  );
});

test('the socket is private, and a file at its place is not removed', async (t) => {
  const b = await bench(t);
  assert.equal(statSync(b.ports.socketPath).mode & 0o777, 0o600);
  assert.equal(statSync(join(b.dir, 'run')).mode & 0o777, 0o700);
  await b.control.close();
  rmSync(b.ports.socketPath, { force: true });
  writeFileSync(b.ports.socketPath, 'precious');
  await assert.rejects(startControl(b.ports), { code: 'listen.failed' });
  assert.equal(statSync(b.ports.socketPath).size, 8);
});

test('a refusal of one worker takes the configuration back everywhere, and says why', async (t) => {
  const b = await bench(t);
  const [one, two] = [b.worker().hello('proxy/1'), b.worker().hello('proxy/2')];
  for (const worker of [one, two]) worker.say(report(worker === one ? 'proxy/1' : 'proxy/2'));
  while (b.control.status().workers.length < 2) await new Promise(setImmediate);
  assert.deepEqual(await b.apply(fakePlan('a', NAMES)), { ok: true });
  for (const worker of [one, two]) assert.equal((await worker.next('snapshot')).version, 'a'.repeat(64));
  two.refuses.add('b'.repeat(64));
  assert.deepEqual(await b.apply(fakePlan('b', NAMES)), { ok: false, reason: 'worker proxy/2 refused it: cannot compile' });
  for (const worker of [one, two]) {
    assert.equal((await worker.next('snapshot')).version, 'b'.repeat(64));
    assert.equal((await worker.next('snapshot')).version, 'a'.repeat(64), 'the former one again');
  }
  const status = b.control.status();
  assert.equal(status.snapshotVersion, 'a'.repeat(64));
  assert.equal(status.rejected?.version, 'b'.repeat(64));
  assert.equal(status.ready, true);
  const { events } = eventsResponse.parse(await b.get('/api/v1/events?type=config'));
  assert.deepEqual(
    events.map((event) => event.type === 'config' && [event.action, event.version[0]]),
    [
      ['rejected', 'b'],
      ['applied', 'b'],
      ['applied', 'a'],
    ],
  );
  assert.deepEqual(await b.apply(fakePlan('c', NAMES)), { ok: true });
  assert.equal(b.control.status().rejected, null);
});

test('a plan that no worker should try is refused before any sees it', async (t) => {
  const b = await bench(t);
  const worker = b.worker().hello();
  await b.apply(fakePlan('a', NAMES));
  await worker.next('snapshot');
  const bad: readonly NodePlan[] = [
    { ...fakePlan('b', NAMES), version: '' },
    fakePlan('b', NAMES, { mesh: { ...fakePlan('b', NAMES).mesh, trustDomain: 'other.example' } }),
  ];
  for (const plan of bad) assert.equal((await b.apply(plan)).ok, false);
  assert.equal(b.control.status().snapshotVersion, 'a'.repeat(64));
  worker.say({ type: 'csr', identity: identityOf('cart'), csrPem: createCsr(identityOf('cart'), generateKey()) });
  await worker.next('svid');
});

test('a configuration that cannot be put on record does not take effect', async (t) => {
  const b = await bench(t);
  const worker = b.worker().hello();
  await b.apply(fakePlan('a', NAMES));
  await worker.next('snapshot');
  await b.journal.close();
  assert.equal((await b.apply(fakePlan('b', NAMES))).ok, false);
  assert.equal(b.control.status().snapshotVersion, 'a'.repeat(64));
  assert.equal(worker.closed, false);
  await assert.rejects(Promise.race([worker.next('snapshot'), Promise.reject(new Error('nothing came'))]), /nothing came/);
});

test('after a restart in the same run the last good snapshot goes on; in another run it does not', async (t) => {
  const b = await bench(t);
  await b.apply(fakePlan('a', NAMES));
  const before = (await b.worker().hello().next('snapshot')).sessionKey;
  await b.restart();
  const worker = b.worker().hello();
  const snapshot = await worker.next('snapshot');
  assert.equal(snapshot.version, 'a'.repeat(64));
  assert.equal(snapshot.sessionKey, before, 'sessions keep their ids');
  worker.say({ type: 'csr', identity: identityOf('cart'), csrPem: createCsr(identityOf('cart'), generateKey()) });
  await worker.next('svid');
  await b.restart({ run: 'run-2' });
  const other = b.worker().hello();
  await b.apply(fakePlan('c', NAMES));
  assert.equal((await other.next('snapshot')).version, 'c'.repeat(64));
});

test('a connection that comes again replaces the former one; a new token ends the old one', async (t) => {
  const b = await bench(t);
  await b.apply(fakePlan('a', NAMES));
  const first = b.worker().hello();
  await first.next('snapshot');
  const second = b.worker().hello();
  await second.next('snapshot');
  await first.end();
  assert.equal(b.control.status().workers.filter((worker) => worker.connected).length, 1);
  b.control.setWorkerToken('proxy/1', 'n'.repeat(43));
  const old = b.worker().hello();
  await old.end();
  await b.worker().hello('proxy/1', 'n'.repeat(43)).next('snapshot');
});

test('status, services, identities, metrics and explanations answer to their contract', async (t) => {
  const b = await bench(t);
  const gateway = {
    id: 'shop/edge',
    namespace: 'shop',
    name: 'edge',
    labels: {},
    identity: identityOf('edge-gateway'),
    policies: { authorization: [], requestAuthentication: [] },
    listeners: [
      { id: 'shop/edge/http', listen: { ip: '127.0.0.1', port: 8080 }, port: 80, hostname: '', tls: false, virtualHosts: [] },
    ],
  };
  await b.apply(fakePlan('a', NAMES, { gateways: [gateway], closed: [{ what: 'x', why: 'y', at: 'z:1:1' }] }));
  b.control.setProcesses([{ workload: 'shop/cart', pid: 77, state: 'ready', restarts: 2 }]);
  const worker = b.worker().hello();
  await worker.next('snapshot');
  const link = linkStats({
    source: identityOf('cart'),
    destination: 'shop/billing',
    port: 8080,
    requests: 9,
    denied: 2,
    failed: 1,
    p50Ms: 1,
    p90Ms: 1,
    p99Ms: 2,
    lastMs: 5,
  });
  const certificates = [{ identity: identityOf('cart'), serial: 'ab', notAfterMs: 99 }];
  worker.say(
    report('proxy/1', {
      links: [link],
      certificates,
      metrics: '# TYPE cullis_connections_total counter\ncullis_connections_total{role="gateway"} 4\n',
    }),
  );
  worker.say(report('proxy/2', { links: [{ ...link, requests: 1000 }] }));
  while (b.control.status().links.length === 0) await new Promise(setImmediate);

  const status = statusResponse.parse(await b.get('/api/v1/status'));
  assert.equal(status.ready, true);
  assert.deepEqual(status.gateways, [{ id: 'shop/edge/http', url: 'http://127.0.0.1:8080' }]);
  assert.deepEqual(status.totals, { requests: 9, denied: 2, failed: 1 }, 'a worker reports about itself only');
  assert.deepEqual(
    status.workloads.map(({ id, state, pid, restarts, certificate }) => [id, state, pid, restarts, certificate]),
    [
      ['shop/cart', 'ready', 77, 2, { serial: 'ab', notAfterMs: 99 }],
      ['shop/billing', 'declared', null, 0, null],
    ],
  );
  assert.deepEqual(status.closed, [{ what: 'x', why: 'y', at: 'z:1:1' }]);
  assert.deepEqual(servicesResponse.parse(await b.get('/api/v1/services')).services[0]?.workloads, ['shop/cart']);
  const { identities, rootPem } = identitiesResponse.parse(await b.get('/api/v1/identities'));
  assert.deepEqual(
    identities.map(({ identity }) => identity),
    ['billing', 'cart', 'edge-gateway'].map(identityOf),
  );
  assert.match(rootPem[0]!, /BEGIN CERTIFICATE/);
  const metrics = await (await fetch(`${b.control.adminUrl}/metrics`)).text();
  assert.match(metrics, /cullis_connections_total\{role="gateway",worker="proxy\/1"\} 4/);
  assert.match(metrics, /cullis_workload_up\{workload="shop\/cart",worker="control"\} 1/);

  const { events } = eventsResponse.parse(await b.get('/api/v1/events?type=config'));
  const explained = explainResponse.parse(await b.get(`/api/v1/decisions/${events[0]!.id}`));
  assert.match(explained.summary, /^configuration applied: version aaaaaaaaaaaa/);
  assert.equal(await b.control.explain('00000000-0000-7000-8000-000000000000'), undefined);
});

test('the live feed gives the whole status, then what changed, and ends with its token', async (t) => {
  const b = await bench(t, { liveEveryMs: 10 });
  const token = await b.control.operators.create('page', 'viewer', 'owner', 'admin');
  const answer = await fetch(`${b.control.adminUrl}/api/v1/live`, { headers: { authorization: `Bearer ${token}` } });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = (await reader.read()).value!;
  assert.match(first, /^event: status\n/);
  assert.equal(statusResponse.parse(JSON.parse(first.slice(first.indexOf('{')))).snapshotVersion, '');
  await b.apply(fakePlan('a', NAMES));
  const second = (await reader.read()).value!;
  assert.match(second, /^event: delta\n/);
  const delta = JSON.parse(second.slice(second.indexOf('{'))) as Record<string, unknown>;
  assert.equal(delta['snapshotVersion'], 'a'.repeat(64));
  assert.ok(!('isolation' in delta));
  await b.control.operators.remove('page', 'owner', 'admin');
  assert.equal((await reader.read()).done, true);
});

test('a revocation reaches connected workers at once, those who come later with their snapshot, and names who has not answered', async (t) => {
  const b = await bench(t);
  await b.apply(fakePlan('a', NAMES));
  const worker = b.worker().hello();
  const { trustVersion } = await worker.next('snapshot');
  const subject = identityOf('cart');
  const asked = b.post('/api/v1/identities/revoke', { kind: 'identity', subject, reason: 'leaked' });
  const told = await worker.next('trust');
  assert.ok(told.trustVersion > trustVersion);
  assert.deepEqual(
    told.revoked.map((one) => [one.subject, one.reason, one.by]),
    [[subject, 'leaked', 'test']],
  );
  worker.say({ type: 'trust-ack', trustVersion: told.trustVersion });
  const { status, body } = await asked;
  assert.deepEqual([status, body['changed'], body['waiting']], [200, true, ['proxy/2']]);
  worker.say({ type: 'csr', identity: subject, csrPem: createCsr(subject, generateKey()) });
  assert.match((await worker.next('svid-refused')).reason, /revoked by `test`: leaked/);
  const late = b.worker().hello('proxy/2');
  assert.equal((await late.next('snapshot')).revoked[0]?.subject, subject);
  assert.equal(statusResponse.parse(await b.get('/api/v1/status')).revoked[0]?.subject, subject);
  for (const [wrong, code] of [
    [{ kind: 'identity', subject: 'nobody' }, 409],
    [{ kind: 'serial', subject: 'ab' }, 409],
    [{ kind: 'everything', subject }, 400],
    [{ kind: 'identity', subject, reason: 'a\nb' }, 400],
  ] as const)
    assert.equal((await b.post('/api/v1/identities/revoke', wrong)).status, code, JSON.stringify(wrong));
  await b.restart();
  const back = b.worker().hello();
  await b.apply(fakePlan('a', NAMES));
  assert.equal((await back.next('snapshot')).revoked[0]?.subject, subject, 'a restart forgets nobody');
});
