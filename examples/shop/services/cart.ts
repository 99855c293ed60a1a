// The carts: what each customer means to buy, kept in memory. At checkout the money is asked of the billing API.
import { randomUUID } from 'node:crypto';
import { baseUrl, callOk } from './lib/call.ts';
import { productOf } from './lib/catalogue.ts';
import { HttpProblem, integerField, serve, textField } from './lib/service.ts';

const CARTS_MAX = 10_000;
const QUANTITY_MAX = 99;

const payment = baseUrl('PAYMENT_URL', 'http://payment-processing.ecommerce.svc.cluster.local');

interface Cart {
  /** Stays until the cart changes or is paid, so that a checkout sent twice is charged once. */
  orderId: string;
  readonly items: Map<string, number>;
}

/** By customer id. The order of insertion is the order of use, so the first is the longest unused. */
const carts = new Map<string, Cart>();

function cartOf(customer: string): Cart {
  const cart = carts.get(customer) ?? { orderId: randomUUID(), items: new Map<string, number>() };
  carts.delete(customer);
  carts.set(customer, cart);
  const oldest = carts.keys().next().value;
  if (carts.size > CARTS_MAX && oldest !== undefined) carts.delete(oldest);
  return cart;
}

function view(customer: string): { items: object[]; count: number; totalCents: number } {
  const items = [];
  let count = 0;
  let totalCents = 0;
  for (const [sku, quantity] of carts.get(customer)?.items ?? []) {
    const product = productOf(sku);
    if (!product) continue;
    items.push({ sku, name: product.name, quantity, priceCents: product.priceCents });
    count += quantity;
    totalCents += quantity * product.priceCents;
  }
  return { items, count, totalCents };
}

const customerOf = (params: Readonly<Record<string, string>>): string => params['customer'] as string;

serve('cart', [
  ['GET', '/api/cart/:customer', ({ params }) => ({ body: view(customerOf(params)) })],
  [
    'POST',
    '/api/cart/:customer/open',
    ({ params }) => {
      cartOf(customerOf(params));
      return { status: 201, body: view(customerOf(params)) };
    },
  ],
  [
    'POST',
    '/api/cart/:customer/items',
    ({ params, body }) => {
      const sku = textField(body, 'sku', 32);
      if (!productOf(sku)) throw new HttpProblem(404, `the shop has no \`${sku}\``);
      const quantity = integerField(body, 'quantity', 0, QUANTITY_MAX);
      const cart = cartOf(customerOf(params));
      if (quantity === 0) cart.items.delete(sku);
      else cart.items.set(sku, quantity);
      cart.orderId = randomUUID();
      return { body: view(customerOf(params)) };
    },
  ],
  [
    'POST',
    '/api/cart/:customer/checkout',
    async ({ params }) => {
      const customer = customerOf(params);
      const { orderId } = cartOf(customer);
      const { count, totalCents } = view(customer);
      if (count === 0) throw new HttpProblem(409, 'the cart is empty');
      const invoice = await callOk(payment, 'POST', '/api/charge', { orderId, customer, amountCents: totalCents });
      // Only what was paid is taken out: a cart that changed while the money moved, or a refused charge, keeps its items.
      if (carts.get(customer)?.orderId === orderId) carts.set(customer, { orderId: randomUUID(), items: new Map() });
      return { status: 201, body: invoice };
    },
  ],
  [
    'GET',
    '/api/cart/:customer/orders',
    async ({ params }) => ({ body: await callOk(payment, 'GET', `/api/invoices?customer=${customerOf(params)}`) }),
  ],
]);
