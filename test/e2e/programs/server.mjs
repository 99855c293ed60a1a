// HTTP on PORT, and TLS with a certificate of its own on 8443.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTls } from 'node:tls';

createServer((request, response) => response.end(`served ${request.url}`)).listen(Number(process.env.PORT), '127.0.0.1');
const pem = new URL('server.pem', import.meta.url);
createTls({ cert: readFileSync(pem), key: readFileSync(pem) }, (socket) => socket.end('hello over TLS')).listen(
  8443,
  '127.0.0.1',
);
