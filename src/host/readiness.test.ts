import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { probe, type Readiness } from './readiness.ts';

const HTTP: Readiness = { kind: 'http', path: 'healthz' };
const POSTGRES: Readiness = { kind: 'postgres', user: 'shop', database: 'shop' };
const error = (code: string): string => `E\0\0\0\x20SFATAL\0VFATAL\0C${code}\0Mtext\0\0`;

/** What the program sends once it was greeted, in pieces; '' closes at once. */
const ROWS: readonly (readonly [Readiness, readonly string[], string | undefined])[] = [
  [{ kind: 'tcp' }, [], undefined],
  [HTTP, ['HTTP/1.1 200 OK\r\n'], undefined],
  [HTTP, ['HTTP/1', '.1 399 X\r\n'], undefined],
  [HTTP, ['HTTP/1.1 503 no\r\n'], 'GET healthz answered 503'],
  [HTTP, ['SSH-2.0\r\n'], 'the answer is not HTTP/1'],
  [HTTP, ['x'.repeat(2000)], 'the answer is not HTTP/1'],
  [HTTP, [''], 'the connection closed before an answer'],
  [POSTGRES, ['R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0'], undefined],
  [POSTGRES, [error('57P03').slice(0, 9), error('57P03').slice(9)], 'the database system is starting up'],
  [POSTGRES, [error('28000')], undefined],
  [POSTGRES, ['HTTP/1.1 400 Bad Request\r\n'], 'the answer is not PostgreSQL'],
  [POSTGRES, [`E${'x'.repeat(2000)}`], 'the answer is too long'],
  [{ kind: 'none' }, [''], undefined],
];

test('a program is ready when it answers as one that serves', async () => {
  let answer: readonly string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      for (const piece of answer)
        if (piece === '') socket.end();
        else socket.write(Buffer.from(piece, 'latin1'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };
  try {
    for (const [readiness, pieces, want] of ROWS) {
      answer = pieces;
      assert.equal(await probe(readiness, open, 'x'), want, `${readiness.kind} ${pieces.join('|').slice(0, 40)}`);
    }
  } finally {
    server.close();
  }
  assert.equal(await probe({ kind: 'tcp' }, open, 'x'), 'nothing listens');
});
