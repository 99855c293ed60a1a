// The shop as customers see it: one page and the API behind it. It keeps nothing itself; it asks user-service who somebody is and cart what they want.
import { readFileSync } from 'node:fs';
import { baseUrl, call, callOk } from './lib/call.ts';
import { CATALOGUE } from './lib/catalogue.ts';
import { HttpProblem, integerField, serve, textField } from './lib/service.ts';
import type { Answer, ShopRequest } from './lib/service.ts';

const COOKIE = 'shop_session';
const users = baseUrl('USER_SERVICE_ADDR', 'user-service:8080');
const cart = baseUrl('CART_ADDR', 'cart:7070');
const startedMs = Date.now();
const sales = { orders: 0, amountCents: 0 };

const asset = (name: string, type: string): Answer => ({
  body: readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8'),
  headers: {
    'content-type': type,
    'content-security-policy': "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  },
});
const PAGE = asset('index.html', 'text/html; charset=utf-8');
const SCRIPT = asset('shop.js', 'text/javascript; charset=utf-8');
const STYLE = asset('shop.css', 'text/css; charset=utf-8');
const ICON = asset('icon.svg', 'image/svg+xml');

function sessionToken(request: ShopRequest): string {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === COOKIE && value !== undefined && /^[\w-]{16,64}$/.test(value)) return value;
  }
  throw new HttpProblem(401, 'not logged in');
}

/** Id of the customer who asks. @throws HttpProblem 401 */
async function customer(request: ShopRequest): Promise<string> {
  const user = await callOk(users, 'POST', '/users/session', { token: sessionToken(request) });
  return String(user['id']);
}

const cookie = (value: string, maxAgeSeconds: number): string =>
  `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAgeSeconds}`;

serve('frontend', [
  ['GET', '/', () => PAGE],
  ['GET', '/assets/shop.js', () => SCRIPT],
  ['GET', '/assets/shop.css', () => STYLE],
  ['GET', '/assets/icon.svg', () => ICON],
  ['GET', '/api/products', () => ({ body: { products: CATALOGUE } })],
  [
    'POST',
    '/api/login',
    async ({ body }) => {
      const credentials = { name: textField(body, 'name', 64), password: textField(body, 'password') };
      const user = await callOk(users, 'POST', '/users/login', credentials);
      return {
        body: { name: user['name'] },
        headers: { 'set-cookie': cookie(String(user['token']), Number(user['maxAgeSeconds'])) },
      };
    },
  ],
  [
    'POST',
    '/api/logout',
    async (request) => {
      await call(users, 'POST', '/users/logout', { token: sessionToken(request) });
      return { body: {}, headers: { 'set-cookie': cookie('', 0) } };
    },
  ],
  [
    'GET',
    '/api/me',
    async (request) => {
      const user = await callOk(users, 'POST', '/users/session', { token: sessionToken(request) });
      const summary = await callOk(users, 'GET', `/users/${String(user['id'])}/summary`);
      return { body: { name: user['name'], count: summary['count'], totalCents: summary['totalCents'] } };
    },
  ],
  ['GET', '/api/cart', async (request) => ({ body: await callOk(cart, 'GET', `/api/cart/${await customer(request)}`) })],
  [
    'POST',
    '/api/cart/items',
    async (request) => {
      const item = { sku: textField(request.body, 'sku', 32), quantity: integerField(request.body, 'quantity', 0, 99) };
      return { body: await callOk(cart, 'POST', `/api/cart/${await customer(request)}/items`, item) };
    },
  ],
  [
    'POST',
    '/api/checkout',
    async (request) => {
      const invoice = await callOk(cart, 'POST', `/api/cart/${await customer(request)}/checkout`);
      sales.orders++;
      sales.amountCents += Number(invoice['amountCents']);
      return { status: 201, body: invoice };
    },
  ],
  ['GET', '/api/orders', async (request) => ({ body: await callOk(cart, 'GET', `/api/cart/${await customer(request)}/orders`) })],
  // Who may see this is not decided here: the policy of this workload asks for a staff token.
  ['GET', '/api/staff/sales', () => ({ body: { ...sales, sinceSeconds: Math.round((Date.now() - startedMs) / 1000) } })],
]);
