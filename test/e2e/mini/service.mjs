// A service that answers for itself, or passes what it is asked on to UPSTREAM.
import { createServer, request } from 'node:http';

const { PORT, NAME, UPSTREAM, STUBBORN } = process.env;

if (STUBBORN) process.on('SIGTERM', () => {});

createServer((incoming, outgoing) => {
  const local = () => outgoing.writeHead(200, { 'content-type': 'text/plain' }).end(`${NAME} ${process.pid}\n`);
  if (!UPSTREAM || incoming.url === '/healthz') return local();
  const { traceparent } = incoming.headers;
  const headers = traceparent ? { traceparent } : {};
  const onward = request(`http://${UPSTREAM}${incoming.url}`, { method: incoming.method, headers, timeout: 10_000 }, (answer) => {
    const id = answer.headers['x-cullis-decision-id'];
    outgoing.writeHead(answer.statusCode, id ? { 'x-upstream-decision-id': id } : {});
    answer.pipe(outgoing);
  });
  onward.on('timeout', () => onward.destroy(new Error('no answer')));
  onward.on('error', (error) => {
    if (!outgoing.headersSent) outgoing.writeHead(502);
    outgoing.end(`${error.message}\n`);
  });
  onward.end();
}).listen(PORT, '127.0.0.1');
