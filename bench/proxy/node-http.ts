// A plain reverse proxy as one writes it on node:http, with keep-alive upstream: what most gateways in JavaScript are underneath. Job `plain` only.
import { Agent, createServer, request } from 'node:http';

const [origin, entry] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
createServer((incoming, outgoing) => {
  const upstream = request(
    { agent, host: '127.0.0.1', port: origin, method: incoming.method, path: incoming.url, headers: incoming.headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  upstream.on('error', () => outgoing.destroy());
  incoming.pipe(upstream);
}).listen(entry, '127.0.0.1');
