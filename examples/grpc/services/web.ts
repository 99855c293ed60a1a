// The page side: HTTP/1.1 in, gRPC out. `GET /call/<Service>/<Method>?user=mia&item=tea` makes one call and shows what came of it.
import { createServer } from 'node:http';
import { call } from './grpc.ts';

const CART = process.env['CART_SERVICE_ADDR'] ?? 'cartservice:7070';
const METHOD = /^\/call\/([A-Za-z]{1,40})\/([A-Za-z]{1,40})$/;

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://web');
  const parts = METHOD.exec(url.pathname);
  if (!parts) {
    response.writeHead(url.pathname === '/healthz' ? 200 : 404).end();
    return;
  }
  const { timeout, times = '1', ...message } = Object.fromEntries(url.searchParams);
  const messages = Array.from({ length: Math.min(100, Number(times) || 1) }, () => message);
  call(CART, `/hipstershop.${parts[1]}/${parts[2]}`, messages, Number(timeout ?? 5000)).then(
    (outcome) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(outcome)),
    () => response.writeHead(500).end(),
  );
}).listen(Number(process.env['PORT'] ?? 8080), process.env['HOST'] ?? '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
