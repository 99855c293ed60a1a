import assert from 'node:assert/strict';
import { type Socket, connect as netConnect } from 'node:net';
import { describe, it } from 'node:test';
import type { CullisError } from '#base/errors.ts';
import { machineNetwork } from './network.ts';

const LOOPBACK = { ip: '127.0.0.1', port: 0 };

/** Resolves when the socket is gone, with what it received. */
function drain(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

describe("the machine's network", () => {
  it('listens on a free port and connects to it', async () => {
    const network = machineNetwork({ connectionsMax: 10 });
    const listener = await network.listen(LOOPBACK, (socket) => socket.end('hi'));
    assert.ok(listener.port > 0);
    const socket = await network.connect({ ip: listener.ip, port: listener.port }, 1000);
    const text = drain(socket);
    socket.end();
    assert.equal(await text, 'hi');
    await listener.close();
    await listener.close();
  });

  it('a listener that closes takes nothing new and leaves open connections alone', async () => {
    const network = machineNetwork({ connectionsMax: 10 });
    const accepted = Promise.withResolvers<Socket>();
    const listener = await network.listen(LOOPBACK, accepted.resolve);
    const socket = await network.connect({ ip: listener.ip, port: listener.port }, 1000);
    const served = await accepted.promise;
    await listener.close();
    await assert.rejects(network.connect({ ip: listener.ip, port: listener.port }, 1000));
    const text = drain(socket);
    served.end('still here');
    socket.end();
    assert.equal(await text, 'still here');
  });

  it('says which address is taken', async () => {
    const network = machineNetwork({ connectionsMax: 10 });
    const listener = await network.listen(LOOPBACK, (socket) => socket.destroy());
    await assert.rejects(
      network.listen({ ip: '127.0.0.1', port: listener.port }, () => {}),
      (error: CullisError) => error.code === 'listen.failed' && error.message.includes(`127.0.0.1:${listener.port}`),
    );
    await listener.close();
  });

  it('says which destination is not there', async () => {
    const network = machineNetwork({ connectionsMax: 10 });
    const listener = await network.listen(LOOPBACK, () => {});
    await listener.close();
    await assert.rejects(
      network.connect({ ip: '127.0.0.1', port: listener.port }, 1000),
      (error: CullisError) => error.code === 'upstream.unreachable' && error.message.includes(`127.0.0.1:${listener.port}`),
    );
  });

  it('refuses connections above the cap at once, and counts them', async () => {
    const refused: string[] = [];
    const network = machineNetwork({ connectionsMax: 1, onRefused: (ip, port) => refused.push(`${ip}:${port}`) });
    const sockets: Socket[] = [];
    const listener = await network.listen(LOOPBACK, (socket) => sockets.push(socket));
    const dial = (): Socket => netConnect({ host: '127.0.0.1', port: listener.port });
    const first = dial();
    await new Promise((resolve) => first.once('connect', resolve));
    assert.equal(await drain(dial()), '');
    assert.deepEqual(refused, [`127.0.0.1:${listener.port}`]);
    first.destroy();
    for (const socket of sockets) socket.destroy();
    await listener.close();
  });
});
