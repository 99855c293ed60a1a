// Programs as people run them, in several languages, inside a workload's namespace: what is allowed works, and nothing else does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ExplainResponse } from '#api/control.ts';
import { isolationAvailable } from '#host/isolation.ts';
import { DEFAULT_PATH, findProgram } from '#host/tools.ts';
import type { Event } from '#model/event.ts';
import { fakeCertificate } from '../fakes/plain-certificates.ts';
import { workload } from '../fakes/shop-system.ts';
import { type Running, removeFolder, tempFolder, until, up } from './running.ts';

interface Said {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
  readonly tookMs: number;
}

interface Timed {
  readonly said: string;
  readonly ms: number;
}

const have = (name: string): boolean => findProgram(name, DEFAULT_PATH, '/') !== undefined;
const lacks = (...names: readonly string[]): string | false => {
  const missing = names.filter((name) => !have(name));
  return missing.length > 0 && `missing ${missing.join(', ')}`;
};

const PSQL = ['/usr/bin/psql', '-At', '-c', 'select 6 * 7'] as const;
const TCP = 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /bash HTTP/1.0\\r\\nHost: server\\r\\n\\r\\n" >&3 && cat <&3';
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  curl: ['curl', '-sS', '-m', '5', 'http://server/curl'],
  curlFull: ['curl', '-sS', '-m', '5', 'http://server.mini.svc.cluster.local/full'],
  curlH2: ['curl', '-sS', '-m', '5', '--http2-prior-knowledge', 'http://server/h2'],
  curlDenied: ['curl', '-s', '-m', '5', '-w', '%{http_code}', '-o', '/dev/null', 'http://denied/'],
  curlOutside: ['curl', '-sS', '-m', '5', 'https://1.1.1.1/'],
  curlOutside6: ['curl', '-sS', '-g', '-m', '5', 'https://[2606:4700:4700::1111]/'],
  curlMetadata: ['curl', '-sS', '-m', '5', 'http://169.254.169.254/latest/meta-data/iam/'],
  curlName: ['curl', '-sS', '-m', '5', 'http://metadata.google.internal/'],
  curlLoopback6: ['curl', '-sS', '-g', '-m', '5', 'http://[::1]:9/'],
  curlAbstract: ['curl', '-sS', '-m', '5', '--abstract-unix-socket', 'cullis', 'http://x/'],
  bash: ['bash', '-c', TCP, 'server', '80'],
  bashOutside: ['bash', '-c', TCP, '1.1.1.1', '80'],
  python: ['/usr/bin/python3', 'net.py'],
  calls: ['/usr/bin/python3', 'calls.py'],
  node: ['node', '-e', `fetch('http://server/node').then(async (answer) => console.log(await answer.text()))`],
  c: ['./connect', 'server', '80'],
  cOutside: ['./connect', '1.1.1.1', '80'],
  psql: [...PSQL, 'host=db user=shop dbname=shop sslmode=disable'],
  psqlPrefer: [...PSQL, 'host=db user=shop dbname=shop sslmode=prefer'],
  psqlRequire: [...PSQL, 'host=db user=shop dbname=shop sslmode=require'],
  ...(have('redis-server') && { redis: ['redis-cli', '-h', 'cache', 'set', 'colour', 'green'] }),
};

const isolation = isolationAvailable();

describe('programs inside a namespace', { skip: isolation.ok ? false : isolation.why, timeout: 60_000 }, () => {
  if (!isolation.ok) return;
  const folder = tempFolder();
  let running: Running;
  let said: Readonly<Record<string, Said>> = {};
  let compiled = false;
  let events: Event[] = [];

  before(async () => {
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    cpSync(join(import.meta.dirname, 'programs'), programs, { recursive: true });
    const { certPem, keyPem } = fakeCertificate('server', 'dns:server');
    writeFileSync(join(programs, 'server.pem'), `${certPem}${keyPem}`);
    const compiler = findProgram('cc', DEFAULT_PATH, '/');
    compiled =
      compiler !== undefined &&
      spawnSync(compiler, ['-o', 'connect', 'connect.c'], { cwd: programs, stdio: 'ignore' }).status === 0;
    const wanted = Object.entries(PROGRAMS).map(([name, [program, ...words]]) => [
      name,
      [program === 'node' ? process.execPath : program, ...words],
    ]);
    writeFileSync(join(programs, 'programs.json'), JSON.stringify(Object.fromEntries(wanted)));
    spawnSync('chmod', ['-R', 'go+rX', folder]);
    writeFileSync(join(folder, 'system.yaml'), manifests(programs));
    const env = { SECRET_OF_THE_SHELL: 'x', NODE_OPTIONS: '--no-warnings', PYTHONPATH: '/nowhere' };
    running = await up([join(folder, 'system.yaml')], join(folder, 'state'), [], env);
    const line = await running.command.line(/SEEN \{/, 30_000);
    said = JSON.parse(line.slice(line.indexOf('SEEN ') + 5)) as Record<string, Said>;
    await until('the tries are written down', async () => {
      events = await running.events();
      const udp = events.some((event) => event.type === 'egress' && event.what === 'address' && event.place === 'udp');
      return udp && events.some((event) => event.type === 'name' && event.name === 'metadata.google.internal');
    });
  });
  after(async () => {
    await running?.command.end();
    removeFolder(folder);
  });

  const works = (name: string, out: string | RegExp): void => {
    const { code, out: text, err, tookMs } = said[name]!;
    const what = `${name}: ${code} ${err}`;
    assert.equal(code, 0, what);
    if (typeof out === 'string') assert.equal(text, out, what);
    else assert.match(text, out, what);
    assert.ok(tookMs < 5000, `${name} took ${tookMs} ms`);
  };
  const refused = (name: string, code: number, err: RegExp): void => {
    assert.equal(said[name]!.code, code, `${name}: ${said[name]!.err}`);
    assert.match(`${said[name]!.err}${said[name]!.out}`, err, name);
  };

  it('curl', { skip: lacks('curl') }, () => {
    works('curl', 'served /curl');
    works('curlFull', 'served /full');
    works('curlH2', 'served /h2');
    works('curlDenied', '403');
    for (const name of ['curlOutside', 'curlOutside6', 'curlMetadata']) refused(name, 7, /Couldn't connect|refused/);
    refused('curlName', 6, /resolve/);
    for (const name of ['curlLoopback6', 'curlAbstract']) refused(name, 7, /connect/i);
  });

  it('bash, with /dev/tcp', { skip: lacks('bash') }, () => {
    works('bash', /served \/bash$/);
    refused('bashOutside', 1, /Connection refused/);
  });

  it('node', () => works('node', 'served /node'));

  it('a program in C', { skip: lacks('cc') }, () => {
    assert.ok(compiled);
    works('c', 'served /c');
    refused('cOutside', 1, /refused/);
  });

  it('psql, in plaintext and asking for TLS first', { skip: lacks('psql') }, () => {
    works('psql', '42');
    works('psqlPrefer', '42');
    // The mesh encrypts the way; the database itself does not, and its own answer to that arrives.
    refused('psqlRequire', 2, /server does not support SSL/);
  });

  it('redis-cli', { skip: lacks('redis-cli', 'redis-server') }, () => works('redis', 'OK'));

  it('python: urllib, asyncio, TLS of its own; IPv6 and UDP are refused at once', { skip: lacks('python3') }, () => {
    works('python', /^\{/);
    const { families, ipv6, mapped, metadata, udp, udp6, ...rest } = JSON.parse(said['python']!.out) as Record<string, Timed>;
    assert.deepEqual(rest, {
      urllib: '200 served /urllib',
      denied: '403',
      unknown: 'gaierror',
      asyncio: 'served /asyncio',
      asyncioOutside: 'ConnectionRefusedError',
      tls: 'hello over TLS',
    });
    assert.deepEqual(families, ['AF_INET']);
    for (const { said: word, ms } of [ipv6!, mapped!, metadata!, udp!, udp6!]) {
      assert.equal(word, 'ConnectionRefusedError');
      assert.ok(ms < 1000, `refused after ${ms} ms`);
    }
  });

  it('system calls: nothing that leads out of the namespace', { skip: lacks('python3') || !isolation.seccomp }, () => {
    works('calls', /^\{/);
    const seen = JSON.parse(said['calls']!.out) as Readonly<Record<string, unknown>>;
    assert.deepEqual(seen['families'], { 1: 'open', 2: 'open', 10: 'open', 16: 'open' });
    assert.deepEqual(seen['netlink'], { 0: 'open' });
    const unknown = ['io_uring_setup', 'clone3'];
    const closed =
      'raw raw6 unshare setns mount open_tree fsopen keyctl add_key bpf perf_event_open userfaultfd open_by_handle_at '
        .concat('process_vm_readv ptrace pidfd_getfd syslog chroot')
        .split(' ');
    for (const name of unknown) assert.equal(seen[name], 'ENOSYS', name);
    for (const name of closed) assert.equal(seen[name], 'EPERM', name);
    for (const name of ['ping', 'sctp']) assert.equal(seen[name], 'EPROTONOSUPPORT', name);
    for (const name of ['sysctl', 'core_pattern']) assert.match(String(seen[name]), /^(EROFS|EACCES)$/, name);
    for (const name of ['sysrq', 'kcore', 'firstRoot', 'firstEnvironment', 'caretakerMemory'])
      assert.match(String(seen[name]), /^(EACCES|EPERM|ENOENT)$/, name);
    assert.deepEqual([seen['keys'], seen['sys'], seen['others'], seen['fds']], ['', false, [], [0, 1, 2]]);
    // What the supervisor was started with stays outside.
    const environment = seen['environment'] as readonly string[];
    for (const name of ['SECRET_OF_THE_SHELL', 'NODE_OPTIONS', 'PYTHONPATH', 'LD_PRELOAD', 'NODE_CHANNEL_FD'])
      assert.ok(!environment.includes(name), name);
  });

  it('and every try at what leads nowhere is an event that names workload and destination', () => {
    const tried = new Map<string, string>(
      events.flatMap((event) =>
        event.type === 'egress' && event.what === 'address' && event.workload === 'mini/client'
          ? [[`${event.place} ${event.host} ${event.port}`, event.rule] as const]
          : [],
      ),
    );
    assert.equal(tried.get('tcp 169.254.169.254 80'), 'metadata-address', [...tried.keys()].join('\n'));
    assert.equal(tried.get('tcp 1.1.1.1 80'), 'no-way');
    if (have('curl'))
      for (const key of ['tcp 1.1.1.1 443', 'tcp 2606:4700:4700::1111 443']) assert.equal(tried.get(key), 'no-way', key);
    if (have('python3'))
      for (const key of ['udp 8.8.8.8 53', 'udp 2001:4860:4860::8888 53']) assert.equal(tried.get(key), 'no-way', key);
    assert.ok(
      events.some(
        (event) => event.type === 'name' && event.name === 'metadata.google.internal' && event.workload === 'mini/client',
      ),
    );
    assert.ok(![...tried.keys()].some((key) => key.includes(' 10.96.')), 'what is allowed is no try');
  });

  it('and is explained with the ServiceEntry that would open it', async () => {
    const event = events.find((one) => one.type === 'egress' && one.host === '1.1.1.1' && one.place === 'tcp');
    const { change } = await running.api<ExplainResponse>('GET', `/decisions/${event?.id}`);
    assert.match(change?.yaml ?? '', /kind: ServiceEntry[\s\S]*namespace: mini[\s\S]*addresses: \["1\.1\.1\.1"\]/);
  });
});

function manifests(programs: string): string {
  const mini = { namespace: 'mini' } as const;
  const run = (name: string, spec: string): string =>
    `---\napiVersion: cullis.dev/v1\nkind: Workload\nmetadata: { name: ${name}, namespace: mini }\nspec: { cwd: ${programs}, readyTimeout: 30s, ${spec} }\n`;
  const redis = have('redis-server')
    ? [
        workload('cache', { ...mini, port: 6379, portName: 'tcp-redis', targetPort: 6379 }),
        run('cache', 'command: [redis-server, --bind, 127.0.0.1, --port, "6379", --save, "", --dir, /tmp]'),
      ]
    : [];
  const postgres = { POSTGRES_USER: 'shop', POSTGRES_DB: 'shop', POSTGRES_HOST_AUTH_METHOD: 'trust' };
  return [
    workload('client', { ...mini, env: { PORT: '8080' } }),
    run('client', 'command: [node, client.mjs]'),
    workload('server', { ...mini, env: { PORT: '8080' } }).replace(
      'targetPort: 8080 }]',
      'targetPort: 8080 }, { name: tcp-tls, port: 8443, targetPort: 8443 }]',
    ),
    run('server', 'command: [node, server.mjs]'),
    workload('denied', { ...mini, env: { PORT: '8080' } }),
    run('denied', 'command: [node, server.mjs]'),
    workload('db', { ...mini, port: 5432, portName: 'tcp-pg', targetPort: 5432, env: postgres }),
    run('db', 'builtin: postgres'),
    ...redis,
    '---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: none, namespace: mini }\nspec: { selector: { matchLabels: { app: denied } } }\n',
  ].join('---\n');
}
