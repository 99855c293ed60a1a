// The billing API: takes the money and writes the invoice, exactly once an order.
import { openDatabase } from './lib/database.ts';
import { HttpProblem, integerField, serve, textField } from './lib/service.ts';

const AMOUNT_CENTS_MAX = 1_000_000;
const INVOICES_MAX = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const database = openDatabase(`
  CREATE TABLE IF NOT EXISTS invoices (
    order_id uuid PRIMARY KEY, customer text NOT NULL, amount_cents integer NOT NULL, created timestamptz NOT NULL DEFAULT now());
  CREATE INDEX IF NOT EXISTS invoices_customer ON invoices (customer, created DESC);
`);

interface Invoice {
  readonly orderId: string;
  readonly customer: string;
  readonly amountCents: number;
  readonly created: Date;
}
const COLUMNS = 'order_id AS "orderId", customer, amount_cents AS "amountCents", created';

serve(
  'payment-processing',
  [
    [
      'POST',
      '/api/charge',
      async ({ body }) => {
        const orderId = textField(body, 'orderId');
        if (!UUID.test(orderId)) throw new HttpProblem(400, '`orderId` must be a UUID');
        const customer = textField(body, 'customer', 64);
        const amountCents = integerField(body, 'amountCents', 1, AMOUNT_CENTS_MAX);
        // A second try of the same order finds the first one's invoice and charges nothing.
        await database.query(
          'INSERT INTO invoices (order_id, customer, amount_cents) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
          [orderId, customer, amountCents],
        );
        const [invoice] = await database.query<Invoice>(`SELECT ${COLUMNS} FROM invoices WHERE order_id = $1`, [orderId]);
        if (!invoice) throw new HttpProblem(500, 'the invoice was not written');
        if (invoice.customer !== customer || invoice.amountCents !== amountCents)
          throw new HttpProblem(409, 'this order was charged differently');
        return { status: 201, body: invoice };
      },
    ],
    [
      'GET',
      '/api/invoices',
      async ({ query }) => {
        const customer = query.get('customer');
        const where = customer === null ? '' : 'WHERE customer = $2';
        const values = customer === null ? [INVOICES_MAX] : [INVOICES_MAX, customer];
        return {
          body: {
            invoices: await database.query<Invoice>(
              `SELECT ${COLUMNS} FROM invoices ${where} ORDER BY created DESC LIMIT $1`,
              values,
            ),
          },
        };
      },
    ],
  ],
  () => database.ready(),
);
