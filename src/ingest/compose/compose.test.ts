import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ComposeService } from '#model/compose.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { System } from '#model/system.ts';
import { readSystem } from '../read.ts';
import { readDotenv } from './dotenv.ts';
import { interpolate } from './interpolate.ts';
import { exposed, portsOf, shellWords, volumesOf } from './long-form.ts';

function read(files: Readonly<Record<string, string>>): {
  readonly system: System;
  readonly told: readonly string[];
  readonly text: string;
} {
  const { system, diagnostics } = readSystem(Object.entries(files).map(([file, text]) => ({ file, text })));
  return {
    system,
    told: diagnostics.map(({ severity, code, location }) => `${severity} ${formatLocation(location)} ${code}`),
    text: JSON.stringify(diagnostics),
  };
}

function service(system: System, name: string): ComposeService & { readonly at: (...path: Path) => string } {
  const found = system.resources.find((each) => each.kind === 'ComposeService' && each.metadata.name === name);
  assert.ok(found, name);
  return { ...(found.spec as ComposeService), at: (...path) => formatLocation(originOf(found, ['spec', ...path])) };
}

const SHOP = `name: shop
x-env: &env
  LOG: debug
services:
  web:
    build: ./web
    ports:
      - "8080:80"
      - 127.0.0.1:9000-9001:9000-9001/udp
      - {target: 443, published: "8443", name: https}
    environment:
      - DB_URL=postgres://app:s3cret@db/app
      - CACHE=cache:6379
      - API_KEY
    volumes:
      - ./conf:/etc/web:ro
      - data:/data
      - type: bind
        source: /var/run/docker.sock
        target: /var/run/docker.sock
    depends_on: [db, cache]
    networks: [front]
    command: serve --name "a b"
    cap_add:
      - NET_ADMIN
    privileged: true
  db:
    image: postgres:16
    environment:
      <<: *env
      POSTGRES_PASSWORD: hunter2
    expose: ["5432"]
  cache:
    image: redis
    network_mode: host
    deploy: {replicas: 2}
networks:
  front:
  back: {internal: true}
`;

test('each service becomes a workload and a service, in long form, with places', () => {
  const { system, told } = read({ 'shop/compose.yaml': SHOP });
  assert.deepEqual(told, []);
  assert.deepEqual(
    system.workloads.map(({ id, replicas }) => [id, replicas]),
    [
      ['shop/web', 1],
      ['shop/db', 1],
      ['shop/cache', 2],
    ],
  );
  assert.deepEqual(
    system.services.map(({ name, ports }) => [name, ports.map(({ port, protocol }) => `${port}/${protocol}`)]),
    [
      ['web', ['80/tcp', '443/tls', '9000/udp', '9001/udp']],
      ['db', ['5432/tcp']],
      ['cache', ['6379/tcp']],
    ],
  );
  const web = service(system, 'web');
  assert.deepEqual(web.ports, [
    { target: 80, published: '8080', protocol: 'tcp' },
    { target: 9000, published: '9000', host_ip: '127.0.0.1', protocol: 'udp' },
    { target: 9001, published: '9001', host_ip: '127.0.0.1', protocol: 'udp' },
    { target: 443, published: '8443', name: 'https', protocol: 'tcp' },
  ]);
  assert.deepEqual(
    web.volumes.map(({ type, source, read_only: readOnly }) => [type, source, readOnly]),
    [
      ['bind', './conf', true],
      ['volume', 'data', false],
      ['bind', '/var/run/docker.sock', false],
    ],
  );
  assert.deepEqual(
    [web.command, web.build?.context, Object.keys(web.networks), web.privileged, web.read_only],
    [['serve', '--name', 'a b'], './web', ['front'], true, false],
  );
  assert.deepEqual([service(system, 'cache').networks, service(system, 'db').networks], [{}, { default: null }]);
  assert.deepEqual(
    [
      web.at(),
      web.at('ports', 0, 'target'),
      web.at('ports', 2),
      web.at('ports', 3, 'published'),
      web.at('environment', 'CACHE'),
      web.at('depends_on', 'cache'),
      web.at('cap_add', 0),
      web.at('user'),
    ],
    ['5:3', '8:9', '9:9', '10:23', '13:9', '21:22', '25:9', '5:3'].map((place) => `shop/compose.yaml:${place}`),
  );
  const project = system.resources.find((each) => each.kind === 'ComposeProject')!;
  assert.equal(formatLocation(originOf(project, ['spec', 'networks', 'back', 'internal'])), 'shop/compose.yaml:39:10');
});

test('calls come from the environment, also without a written port', () => {
  const { system } = read({ 'shop/compose.yaml': SHOP });
  assert.deepEqual(
    system.calls.map(({ from, to, port, variable, path }) => [from, to, port, variable, path.join('.')]),
    [
      ['shop/web', 'shop/db', 5432, 'DB_URL', 'spec.environment.DB_URL'],
      ['shop/web', 'shop/cache', 6379, 'CACHE', 'spec.environment.CACHE'],
    ],
  );
  const env = system.workloads[0]!.containers[0]!.env;
  assert.deepEqual(env[2], { name: 'API_KEY', from: { kind: 'secret', name: '', key: 'API_KEY' } });
});

test('services whose names have underscores are called too', () => {
  const { system } = read({
    'compose.yaml':
      'services:\n  web: {image: x, environment: {A: "http://user_db:81/x", DB_HOST: user_db, DB_PORT: "81"}}\n  user_db: {image: y, ports: [{target: "81"}]}\n',
  });
  assert.deepEqual(
    system.calls.map(({ to, port, variable }) => `${to}:${port} ${variable}`),
    ['default/user_db:81 A', 'default/user_db:81 DB_HOST'],
  );
  assert.equal(system.services[1]!.ports[0]!.protocol, 'http');
});

test('override files, extends, env files and .env are put together; secrets of .env stay out', () => {
  const { system, told, text } = read({
    'compose.yaml':
      'services:\n  web:\n    extends: {file: base.yaml, service: app}\n    image: "shop:${TAG:-1}"\n    ports: ["80:80"]\n    env_file: web.env\n    environment: {TOKEN: "${APP_TOKEN}", HOST: "$NAME", PASSWORD: "${PW:-changeme}"}\n',
    'compose.override.yaml': 'services:\n  web:\n    ports: ["80:80", "81:81"]\n    environment: [MODE=dev]\n    user: "1000"\n',
    'base.yaml': 'services:\n  app:\n    read_only: true\n    cap_drop: [ALL]\n    environment: {MODE: base, A: "1"}\n',
    '.env': 'TAG=2.0\nAPP_TOKEN=tok-123\nNAME=web.local # c\n',
    'web.env': 'B=2\nMODE=file\nDB_PASSWORD=verysecret\n',
  });
  assert.deepEqual(told, []);
  const web = service(system, 'web');
  assert.deepEqual(web.environment, {
    MODE: 'dev',
    A: '1',
    TOKEN: '${APP_TOKEN}',
    HOST: 'web.local',
    PASSWORD: 'changeme',
    B: '2',
    DB_PASSWORD: '${DB_PASSWORD}',
  });
  assert.deepEqual([web.image, web.user, web.read_only, web.cap_drop, web.ports.length], ['shop:2.0', '1000', true, ['ALL'], 2]);
  assert.deepEqual(
    [web.at('ports', 1), web.at('environment', 'MODE'), web.at('cap_drop', 0), web.at('environment', 'B')],
    ['compose.override.yaml:3:22', 'compose.override.yaml:4:19', 'base.yaml:4:16', 'compose.yaml:6:5'],
  );
  assert.ok(
    !JSON.stringify(system).includes('tok-123') && !JSON.stringify(system).includes('verysecret') && !text.includes('changeme'),
  );
  assert.deepEqual(
    system.workloads.map(({ id }) => id),
    ['default/web'],
  );
});

test('mistakes are told at their places and never repeat values', () => {
  const { system, told, text } = read({
    'compose.yml':
      'services:\n  a:\n    imge: x\n    ports: ["http", "80"]\n    environment: {PASSWORD: {x: hunter2}}\n    privileged: "yes"\n  b: 7\n  c: {image: x, extends: nope, networks: 3}\n',
  });
  assert.deepEqual(
    told,
    ['compose.yml:3:5', 'compose.yml:4:13', 'compose.yml:5:19', 'compose.yml:7:3', 'compose.yml:8:17', 'compose.yml:8:32'].map(
      (place, i) => `${i === 3 ? 'error' : 'warning'} ${place} compose.form`,
    ),
  );
  assert.match(text, /did you mean `image`/);
  assert.ok(!text.includes('hunter2'));
  assert.equal(service(system, 'a').privileged, true);
  assert.equal(system.workloads.length, 2);
});

test('a file that only changes another one is told in one System', () => {
  const { told } = read({ 'compose.yaml': 'services: {a: {image: x}}', 'compose.prod.yaml': 'services: {a: {user: "1"}}' });
  assert.deepEqual(told, ['info compose.prod.yaml:1:1 compose.overlay']);
});

test('short forms', () => {
  for (const [text, want] of [
    ['80', [80, undefined, undefined]],
    ['8080:80', [80, '8080', undefined]],
    ['127.0.0.1:8080:80', [80, '8080', '127.0.0.1']],
    ['127.0.0.1::80', [80, undefined, '127.0.0.1']],
    ['[::1]:8080:80/tcp', [80, '8080', '::1']],
    ['${PORT}:80', [80, '${PORT}', undefined]],
    ['8000-9000:80', [80, '8000-9000', undefined]],
  ] as const) {
    const [port] = portsOf(text) ?? [];
    assert.deepEqual([port?.['target'], port?.['published'], port?.['host_ip']], want, text);
  }
  for (const text of ['', 'x', '80:', '99999', '80-70', 'a:b:c:d', '1-60000']) assert.equal(portsOf(text), undefined, text);
  assert.deepEqual(volumesOf('C:\\data:/data')?.[0], { type: 'bind', source: 'C:\\data', target: '/data', read_only: false });
  assert.deepEqual(volumesOf('${DIR:-/x}:/data:ro')?.[0], {
    type: 'bind',
    source: '${DIR:-/x}',
    target: '/data',
    read_only: true,
  });
  assert.deepEqual(exposed('3000-3002/udp'), ['3000/udp', '3001/udp', '3002/udp']);
  assert.deepEqual(shellWords('a "b c"  d\\ e \'\' f'), ['a', 'b c', 'd e', '', 'f']);
});

test('interpolation', () => {
  const values: Readonly<Record<string, string>> = { A: 'a', E: '' };
  for (const [text, want] of [
    ['$A-${A}', 'a-a'],
    ['$$A', '$A'],
    ['${X}', '${X}'],
    ['$X', '$X'],
    ['${X:-d}${X-d}', 'dd'],
    ['${E:-d}${E-d}', 'd'],
    ['${A:+y}${E:+y}${E+y}', 'yy'],
    ['${X:-${A}b}', 'ab'],
    ['${X:?must}', '${X:?must}'],
    ['${', '${'],
    ['${A', '${A'],
    ['$', '$'],
    ['${A!}', '${A!}'],
  ] as const)
    assert.equal(
      interpolate(text, (name) => values[name]),
      want,
      text,
    );
  assert.ok(interpolate('${'.repeat(10_000), () => undefined).length <= 20_000);
});

test('.env files', () => {
  const text = '# c\nA=1\nexport B = two # c\nC="x\\ny ${A}"\nD=\'$A\'\nE="l1\nl2"\n\nF=a#b\nG\n1x=2\n';
  assert.deepEqual(
    [...readDotenv(text)],
    [
      ['A', '1'],
      ['B', 'two'],
      ['C', 'x\ny 1'],
      ['D', '$A'],
      ['E', 'l1\nl2'],
      ['F', 'a#b'],
      ['G', ''],
    ],
  );
});
