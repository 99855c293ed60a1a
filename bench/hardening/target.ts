// The process under attack: a gateway, a sidecar and an application behind them. Prints its port as JSON; ends with its standard input.
import type { ServerResponse } from 'node:http';
import { startApp, startMesh } from '../../test/fakes/mesh.ts';

const PIECE = Buffer.alloc(16 * 1024, 'a');
const PIECES = 256;

/** 4 MiB at the pace of whoever reads them, so that what is measured is what the gateway holds. */
function large(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': PIECE.length * PIECES });
  let left = PIECES;
  const more = (): void => {
    while (left-- > 0) if (!response.write(PIECE)) break;
    if (left > 0) response.once('drain', more);
    else response.end();
  };
  more();
}

const app = await startApp((request, response) => {
  request.resume();
  if (request.url === '/large') large(response);
  else request.on('end', () => response.end('ok'));
});
const mesh = await startMesh(app.port);
console.log(JSON.stringify({ port: mesh.gateway, pid: process.pid }));
// Nobody looks at the events here, and they would be counted as the gateway's memory.
const forget = setInterval(() => {
  mesh.seen.events.length = 0;
  mesh.seen.logs.length = 0;
}, 100);
process.stdin.resume().on('end', () => {
  clearInterval(forget);
  void Promise.all([mesh.close(), app.close()]).then(() => process.exit(0));
});
