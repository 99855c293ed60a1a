// A service that was taken over tries to get data out of its namespace: every way is refused or raised, and the ways that a ServiceEntry names stay open.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, type Server, createServer as createTcp } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isolationAvailable } from '#host/isolation.ts';
import type { ExplainResponse } from '#api/control.ts';
import type { Event } from '#model/event.ts';
import { fakeCertificate } from '../fakes/plain-certificates.ts';
import { workload } from '../fakes/shop-system.ts';
import { cullis, removeFolder, tempFolder, until, up } from './running.ts';

/** Assembled, so that no scanner takes this file for a leak. */
const TOKEN = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly tcp: number;
}

function manifests({ http, https, tcp }: Ports, roots: string): string {
  const entry = (name: string, spec: string): string =>
    `---\napiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: ${name}, namespace: mini }\nspec: ${spec}\n`;
  return `${workload('victim', { namespace: 'mini', env: { TOKEN, HOST_PORT: String(http), PORT: '8080' } })}---
apiVersion: cullis.dev/v1
kind: Workload
metadata: { name: victim, namespace: mini }
spec:
  command: [node, intruder.mjs]
  cwd: ${join(import.meta.dirname, 'egress')}
  readyTimeout: 30s
${entry('api', `{ hosts: [api.outside.test], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 127.0.0.1, ports: { http: ${http} } }] }`)}
${entry('secure', `{ hosts: [secure.outside.test], ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${https} }], resolution: STATIC, endpoints: [{ address: 127.0.0.1 }] }`)}
${entry('tls', `{ hosts: [tls.outside.test], ports: [{ number: 443, name: tls, protocol: TLS, targetPort: ${https} }], resolution: STATIC, endpoints: [{ address: 127.0.0.1 }] }`)}
${entry('db', `{ hosts: [db.outside.test], addresses: [203.0.113.7], ports: [{ number: 5432, name: tcp, protocol: TCP, targetPort: ${tcp} }], resolution: STATIC, endpoints: [{ address: 127.0.0.1 }] }`)}
${entry('wild', '{ hosts: ["*.wild.test"], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: NONE }')}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: secure, namespace: mini }
spec: { host: secure.outside.test, trafficPolicy: { tls: { mode: SIMPLE, credentialName: roots } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: roots, namespace: mini }
data: { ca.crt: ${JSON.stringify(roots)} }
---
apiVersion: cullis.dev/v1
kind: EgressPolicy
metadata: { name: bounds, namespace: mini }
spec:
  selector: { matchLabels: { app: victim } }
  limits: { window: 10m, bytes: 200000, destinations: 8 }
  inspect: { action: deny }
`;
}

const isolation = isolationAvailable();

describe('the way out', { skip: isolation.ok ? false : isolation.why, timeout: 60_000 }, async () => {
  if (!isolation.ok) return;
  const folder = tempFolder();
  const state = join(folder, 'state');
  const received: string[] = [];
  const servers: Server[] = [];
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const take: RequestListener = (request, response) => {
    received.push(`${request.url} ${JSON.stringify(request.headers)}`);
    request.on('data', (chunk: Buffer) => received.push(chunk.toString('latin1')));
    request.on('end', () => response.end('outside'));
  };
  const root = fakeCertificate('root', undefined);
  const leaf = fakeCertificate('secure', 'dns:secure.outside.test', root);
  const ports = {
    http: await listen(createServer(take)),
    https: await listen(createHttps({ cert: leaf.certPem, key: leaf.keyPem }, take)),
    tcp: await listen(
      createTcp((socket) => {
        socket
          .on('error', () => {})
          .on('data', (chunk: Buffer) => {
            received.push(chunk.toString('latin1'));
            if (chunk.toString() === 'hello') socket.end('outside');
          });
      }),
    ),
  };
  writeFileSync(join(folder, 'system.yaml'), manifests(ports, root.certPem));
  const running = await up([join(folder, 'system.yaml')], state);
  const line = await running.command.line(/SEEN \{/);
  const seen = JSON.parse(line.slice(line.indexOf('SEEN ') + 5)) as Record<string, unknown>;
  let events: Event[] = [];
  await until('the look-ups are written down', async () => {
    events = await running.events();
    return events.some((event) => event.type === 'egress' && event.what === 'tunnelling');
  });
  after(async () => {
    await running.command.end();
    for (const server of servers) server.close();
    removeFolder(folder);
  });

  it('is open where a ServiceEntry names it', () => {
    const { allowed, originated, sni, address, wildcard } = seen;
    assert.deepEqual(
      { allowed, originated, sni, address },
      { allowed: 200, originated: 200, sni: 'reached', address: 'reached outside' },
    );
    assert.match(String(wildcard), /^240\.240\./);
  });

  it('is closed for another host in the same connection, port, name or address', () => {
    const { fronted, hostHeader, otherPort, unknown, otherAddress, internet, metadata, hostLoopback } = seen;
    assert.deepEqual({ fronted, hostHeader, unknown }, { fronted: 403, hostHeader: 403, unknown: 'ENOTFOUND' });
    assert.deepEqual([otherPort, hostLoopback], ['ECONNREFUSED', 'ECONNREFUSED']);
    for (const one of [otherAddress, internet, metadata, seen['ipv6'], seen['udp']])
      assert.match(String(one), /^(ECONNREFUSED|silence)$/);
    for (const one of [seen['otherSni'], seen['noSni']]) assert.notEqual(one, 'reached');
    assert.match(String(seen['udpStandIn']), /^(ECONNREFUSED|silence)$/);
    assert.deepEqual([seen['raw'], seen['packet']], ['refused', 'refused']);
  });

  it('lets no secret out, at once or drop by drop, and not more than it may', () => {
    assert.deepEqual([seen['body'], seen['query'], seen['drip']], [403, 403, 'closed']);
    assert.ok(!received.join('').includes(TOKEN));
    assert.ok(!received.join('').includes(TOKEN.slice(0, -1)), 'not even all but the last character');
    // Of the eight destinations four are spent before.
    assert.deepEqual((seen['many'] as number[]).slice(-3), [429, 429, 429]);
    assert.equal(seen['upload'], 429);
  });

  it('says every refusal, with the reason, and raises look-ups that are a tunnel', () => {
    const codes = new Set(events.flatMap((event) => (event.type === 'exchange' && event.code !== undefined ? [event.code] : [])));
    for (const code of ['egress.host', 'egress.content', 'egress.limit'] as const) assert.ok(codes.has(code), code);
    assert.deepEqual(seen['tunnel'], [3], 'no such name');
    const tunnel = events.find((event) => event.type === 'egress' && event.what === 'tunnelling');
    assert.ok(
      tunnel?.type === 'egress' && tunnel.workload === 'mini/victim' && tunnel.host === 'tunnel.test',
      JSON.stringify(tunnel),
    );
    const asked = events.filter((event) => event.type === 'name' && event.workload === 'mini/victim');
    assert.ok(asked.some((event) => event.type === 'name' && event.name === 'evil.test' && event.answer === 'unknown'));
    assert.ok(asked.some((event) => event.type === 'name' && event.name === 'x.wild.test' && event.answer === 'outside'));
    assert.ok(
      !JSON.stringify(events.map((event) => (event.type === 'exchange' ? { ...event, path: '' } : event))).includes(TOKEN),
    );
  });

  it('is explained with the smallest ServiceEntry that would open it', async () => {
    const refused = events.find(
      (event) => event.type === 'exchange' && event.code === 'egress.host' && event.host === 'evil.test',
    );
    const explained = await running.api<ExplainResponse>('GET', `/decisions/${refused!.id}`);
    assert.match(explained.change?.yaml ?? '', /kind: ServiceEntry[\s\S]*namespace: mini[\s\S]*hosts: \["evil\.test"\]/);
    const name = events.find((event) => event.type === 'name' && event.name === 'evil.test' && event.answer === 'unknown');
    const asked = await running.api<ExplainResponse>('GET', `/decisions/${name!.id}`);
    assert.match(asked.change?.yaml ?? '', /hosts: \["evil\.test"\]/);
    const status = cullis(['status', '--state', state]);
    await status.ended;
    assert.match(status.all, /way out[\s\S]*mini\/victim[\s\S]*tunnel\.test/);
  });
});
