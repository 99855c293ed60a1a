// Customers, so that there is something to see: each visits the page, logs in, fills a cart and pays. `node visitors.ts URL [CUSTOMERS]`
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

const [base = 'http://127.0.0.1:8080', count = '3'] = process.argv.slice(2);
const customers = Math.min(Math.max(Number(count) || 1, 1), 50);
const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());

async function ask(method: string, path: string, cookie: string, body?: object): Promise<Response> {
  const headers = { 'content-type': 'application/json', cookie, 'user-agent': 'shop-visitor' };
  const response = await fetch(new URL(path, base), {
    method,
    headers,
    signal: AbortSignal.any([stopped.signal, AbortSignal.timeout(10_000)]),
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  await response.arrayBuffer();
  return response;
}

async function visit(name: string, password: string): Promise<void> {
  const pause = (): Promise<void> => wait(150 + Math.random() * 500, undefined, { signal: stopped.signal });
  await ask('GET', '/', '');
  await ask('GET', '/api/products', '');
  const login = await ask('POST', '/api/login', '', { name, password });
  const cookie = (login.headers.get('set-cookie') ?? '').split(';', 1)[0] as string;
  await pause();
  for (const sku of ['lantern', 'map', 'whistle'].slice(0, 1 + Math.floor(Math.random() * 3))) {
    await ask('POST', '/api/cart/items', cookie, { sku, quantity: 1 + Math.floor(Math.random() * 3) });
    await ask('GET', '/api/me', cookie);
    await pause();
  }
  await ask('GET', '/api/cart', cookie);
  await ask('POST', '/api/checkout', cookie);
  await ask('GET', '/api/orders', cookie);
  await ask('POST', '/api/logout', cookie);
  await pause();
}

async function customer(index: number): Promise<void> {
  // A password of its own for each run; the name carries part of it, so that a second run meets no account of the first.
  const password = randomBytes(12).toString('base64url');
  const name = `visitor-${index}-${password.slice(0, 4)}`;
  while (!stopped.signal.aborted) {
    try {
      await visit(name, password);
    } catch {
      if (!stopped.signal.aborted) await wait(1_000);
    }
  }
}

await Promise.all(Array.from({ length: customers }, (_, index) => customer(index + 1)));
