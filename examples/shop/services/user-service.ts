// Who the customers are: accounts, logins and sessions, kept in the customers' database.
import { createHash, randomBytes, randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { baseUrl, callOk } from './lib/call.ts';
import { openDatabase } from './lib/database.ts';
import { HttpProblem, serve, textField } from './lib/service.ts';

const derive = promisify(scrypt) as (password: string, salt: Buffer, size: number) => Promise<Buffer>;
const SESSION_HOURS = 12;

const cart = baseUrl('CART_ADDR', 'cart:7070');
const database = openDatabase(`
  CREATE TABLE IF NOT EXISTS users (
    id uuid PRIMARY KEY, name text UNIQUE NOT NULL, salt bytea NOT NULL, password bytea NOT NULL, created timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS sessions (
    token_hash bytea PRIMARY KEY, user_id uuid NOT NULL REFERENCES users (id), expires timestamptz NOT NULL);
`);

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly salt: Buffer;
  readonly password: Buffer;
}

/** Only the hash of a session's token is stored: whoever reads the table cannot log in with it. */
const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

async function register(name: string, password: string): Promise<{ readonly id: string; readonly name: string }> {
  const salt = randomBytes(16);
  const id = randomUUID();
  const hash = await derive(password, salt, 32);
  const made = await database.query(
    'INSERT INTO users (id, name, salt, password) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING id',
    [id, name, salt, hash],
  );
  if (made.length === 0) throw new HttpProblem(409, 'this name was taken a moment ago');
  await callOk(cart, 'POST', `/api/cart/${id}/open`);
  return { id, name };
}

/** The first login of a name makes the account. */
async function login(name: string, password: string): Promise<{ readonly id: string; readonly name: string }> {
  const [user] = await database.query<UserRow>('SELECT id, name, salt, password FROM users WHERE name = $1', [name]);
  if (!user) return await register(name, password);
  if (!timingSafeEqual(await derive(password, user.salt, 32), user.password))
    throw new HttpProblem(401, 'wrong name or password');
  return user;
}

serve(
  'user-service',
  [
    [
      'POST',
      '/users/login',
      async ({ body }) => {
        const user = await login(textField(body, 'name', 64), textField(body, 'password'));
        const token = randomBytes(24).toString('base64url');
        await database.query('INSERT INTO sessions VALUES ($1, $2, now() + make_interval(hours => $3))', [
          hashToken(token),
          user.id,
          SESSION_HOURS,
        ]);
        return { body: { id: user.id, name: user.name, token, maxAgeSeconds: SESSION_HOURS * 3600 } };
      },
    ],
    [
      'POST',
      '/users/session',
      async ({ body }) => {
        const [user] = await database.query<{ id: string; name: string }>(
          'SELECT u.id, u.name FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires > now()',
          [hashToken(textField(body, 'token'))],
        );
        if (!user) throw new HttpProblem(401, 'no such session');
        return { body: user };
      },
    ],
    [
      'POST',
      '/users/logout',
      async ({ body }) => {
        await database.query('DELETE FROM sessions WHERE token_hash = $1 OR expires < now()', [
          hashToken(textField(body, 'token')),
        ]);
        return { body: {} };
      },
    ],
    [
      'GET',
      '/users/:id/summary',
      async ({ params }) => {
        const basket = await callOk(cart, 'GET', `/api/cart/${params['id']}`);
        return { body: { id: params['id'], count: basket['count'], totalCents: basket['totalCents'] } };
      },
    ],
  ],
  () => database.ready(),
);
