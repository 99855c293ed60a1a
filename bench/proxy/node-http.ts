// A plain reverse proxy as one writes it on node:http, with keep-alive upstream: what most gateways in JavaScript are underneath.
// Arguments as codec.ts: `plain|pair ORIGIN ENTRY INNER [CA CART.crt CART.key FRONT.crt FRONT.key]`.
import { readFileSync } from 'node:fs';
import { Agent, createServer, request, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import { Agent as TlsAgent, createServer as createTlsServer, request as tlsRequest } from 'node:https';

const [mode, origin, entry, inner, ...files] = process.argv.slice(2);

/** Passes every request on as `options` say. @param send `http.request` or `https.request` */
function forward(send: typeof request, options: RequestOptions): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const upstream = send({ ...options, host: '127.0.0.1', method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  };
}

const toOrigin = forward(request, { agent: new Agent({ keepAlive: true, maxSockets: 256 }), port: origin });
if (mode === 'plain') createServer(toOrigin).listen(Number(entry), '127.0.0.1');
else {
  const [ca, cartCert, cartKey, frontCert, frontKey] = files.map((file) => readFileSync(file));
  const common = { ca, minVersion: 'TLSv1.3' } as const;
  createTlsServer({ ...common, cert: cartCert, key: cartKey, requestCert: true, rejectUnauthorized: true }, toOrigin).listen(
    Number(inner),
    '127.0.0.1',
  );
  const agent = new TlsAgent({
    ...common,
    keepAlive: true,
    maxSockets: 256,
    cert: frontCert,
    key: frontKey,
    // The certificate names a SPIFFE id and no host; that it comes from the CA is checked all the same.
    checkServerIdentity: () => undefined,
  });
  createServer(forward(tlsRequest as typeof request, { agent, port: inner })).listen(Number(entry), '127.0.0.1');
}
