// A stand-in for a proxy worker: listens where it is told, through the supervisor, and joins what arrives to another address.
import { handleNetwork, type SocketAddress } from '#host/handles.ts';

const network = handleNetwork(process);

interface Order {
  readonly order: 'join' | 'open' | 'forge';
  readonly from?: SocketAddress;
  readonly to: SocketAddress;
  /** Connections to open and close, `at once` in parallel. */
  readonly count?: number;
  readonly parallel?: number;
}

async function join({ from, to }: Order): Promise<string> {
  const listener = await network.listen(from!, (socket) => {
    socket.on('error', () => {});
    network.connect(to, 2000).then(
      (other) => {
        other.on('error', () => socket.destroy());
        socket.pipe(other).pipe(socket);
      },
      () => socket.destroy(),
    );
  });
  return `${listener.ip}:${listener.port}`;
}

async function open({ to, count = 1, parallel = 1 }: Order): Promise<string> {
  let left = count;
  const startedMs = performance.now();
  const one = async (): Promise<void> => {
    while (left-- > 0) (await network.connect(to, 5000)).destroy();
  };
  await Promise.all(Array.from({ length: parallel }, one));
  return String(performance.now() - startedMs);
}

/** Asks for what the network face would never ask for. */
async function forge({ to }: Order): Promise<string> {
  process.send?.({ cullis: 'handle', op: 'listen', id: 1e6, address: to, timeoutMs: 1000 });
  return await new Promise((resolve) => {
    process.on('message', (message: { id?: number; error?: string; code?: string }, raw: unknown) => {
      if (message.id === 1e6) resolve(raw ? 'got a socket' : `${message.code}: ${message.error}`);
    });
  });
}

const ORDERS = { join, open, forge } as const;
process.on('message', (order: Order) => {
  if (!('order' in order)) return;
  ORDERS[order.order](order).then(
    (text) => process.send?.({ done: text }),
    (error: Error & { cause?: { code?: string } }) => process.send?.({ failed: error.message, code: error.cause?.code }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ done: 'up' });
