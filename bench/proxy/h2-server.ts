// Servers of HTTP/2 to be measured beside each other with h2load: `h2-server.ts own|node PORT [BODY-BYTES]`, plaintext with prior knowledge.
import { createServer } from 'node:http2';
import { serveHttp2 } from '#wire/http2/server.ts';
import { machineNetwork } from '#wire/network.ts';
import { BARE_LIMITS, machineTimers } from '../../test/fakes/bare-proxy.ts';

const [kind, port, size] = process.argv.slice(2);
const body = Buffer.alloc(Number(size ?? 100), 'x');

if (kind === 'node') {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
  server.listen(Number(port), '127.0.0.1');
} else {
  const network = machineNetwork({ connectionsMax: 10_000 });
  const timers = machineTimers();
  const options = { limits: BARE_LIMITS, timers };
  await network.listen({ ip: '127.0.0.1', port: Number(port) }, (socket) => {
    serveHttp2(socket, options, (request, responder) => {
      request.body.discard();
      responder.send(200, ['content-type', 'application/json'], body);
    });
  });
}
