const $ = (id) => document.getElementById(id);
const money = (cents) => (cents / 100).toLocaleString(undefined, { style: 'currency', currency: 'EUR' });
const item = (...children) => {
  const li = document.createElement('li');
  li.append(...children);
  return li;
};
const text = (tag, value) => Object.assign(document.createElement(tag), { textContent: value });
const button = (label, action) => {
  const made = Object.assign(text('button', label), { type: 'button' });
  made.addEventListener('click', () => void attempt(action));
  return made;
};

async function api(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const value = await response.json().catch(() => ({}));
  if (!response.ok)
    throw Object.assign(new Error(value.error ?? value.detail ?? `status ${response.status}`), { status: response.status });
  return value;
}

async function attempt(action) {
  $('notice').textContent = '';
  try {
    await action();
  } catch (error) {
    $('notice').textContent = error.message;
  }
}

function showCart(cart) {
  $('items').replaceChildren(
    ...cart.items.map((one) =>
      item(
        text('span', `${one.quantity} × ${one.name}`),
        button('Remove', async () => showCart(await api('POST', '/api/cart/items', { sku: one.sku, quantity: 0 }))),
      ),
    ),
  );
  $('total').textContent = cart.count === 0 ? 'Nothing in it yet.' : `Total ${money(cart.totalCents)}`;
  $('checkout').hidden = cart.count === 0;
  quantities = new Map(cart.items.map((one) => [one.sku, one.quantity]));
}
let quantities = new Map();

async function showOrders() {
  const { invoices } = await api('GET', '/api/orders');
  $('orders').replaceChildren(
    ...invoices.map((one) => item(text('span', new Date(one.created).toLocaleString()), text('span', money(one.amountCents)))),
  );
}

async function showCustomer() {
  let me;
  try {
    me = await api('GET', '/api/me');
  } catch (error) {
    if (error.status !== 401) throw error;
  }
  $('who').textContent = me ? me.name : 'Not logged in';
  $('login').hidden = me !== undefined;
  $('logout').hidden = $('basket').hidden = me === undefined;
  if (!me) return;
  showCart(await api('GET', '/api/cart'));
  await showOrders();
}

$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  void attempt(async () => {
    await api('POST', '/api/login', { name: form.get('name'), password: form.get('password') });
    await showCustomer();
  });
});
$('logout').addEventListener(
  'click',
  () =>
    void attempt(async () => {
      await api('POST', '/api/logout');
      await showCustomer();
    }),
);
$('checkout').addEventListener(
  'click',
  () =>
    void attempt(async () => {
      const invoice = await api('POST', '/api/checkout');
      await showCustomer();
      $('notice').textContent = `Paid ${money(invoice.amountCents)}. Thank you.`;
    }),
);

await attempt(async () => {
  const { products } = await api('GET', '/api/products');
  $('products').replaceChildren(
    ...products.map((one) =>
      item(
        text('strong', one.name),
        text('p', one.text),
        text('span', money(one.priceCents)),
        button('Add to cart', async () =>
          showCart(await api('POST', '/api/cart/items', { sku: one.sku, quantity: (quantities.get(one.sku) ?? 0) + 1 })),
        ),
      ),
    ),
  );
  await showCustomer();
});
