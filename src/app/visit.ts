// One customer's way through the example shop, so that the first look at the graph shows traffic.
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';

const TIMEOUT_MS = 5_000;

/** Opens the page, signs in, fills a cart, pays. Best effort: what fails shows in the links. */
export async function visitShop(gateway: string): Promise<void> {
  const name = `visitor-${randomBytes(4).toString('hex')}`;
  try {
    await ask(gateway, 'GET', '/', '');
    const cookie = (
      await ask(gateway, 'POST', '/api/login', '', { name, password: randomBytes(12).toString('base64url') })
    ).split(';', 1)[0]!;
    for (const [method, path, body] of [
      ['GET', '/api/products'],
      ['POST', '/api/cart/items', { sku: 'lantern', quantity: 2 }],
      ['GET', '/api/cart'],
      ['POST', '/api/checkout', {}],
      ['GET', '/api/orders'],
    ] as const)
      await ask(gateway, method, path, cookie, body);
  } catch {
    // Seen in the status as a failed link, with more than could be said here.
  }
}

/** @returns the Set-Cookie field, '' without one */
function ask(gateway: string, method: string, path: string, cookie: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
      ...(cookie ? { cookie } : {}),
    };
    const outgoing = request(new URL(path, gateway), { method, headers, timeout: TIMEOUT_MS, agent: false }, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => resolve(response.headers['set-cookie']?.[0] ?? ''));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
