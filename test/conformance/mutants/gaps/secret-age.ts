// Gap: client secrets and keys older than thirty days.
import { add, casesOf, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';
import { MUTANTS_NOW } from '../now.ts';

const DAY_MS = 86_400_000;
const ago = (days: number): string => new Date(MUTANTS_NOW - days * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
const seconds = (days: number): number => Math.floor((MUTANTS_NOW - days * DAY_MS) / 1000);

const secret = (name: string, metadata: Doc, more: Doc = {}): Doc => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'sock-shop', ...metadata },
  type: 'Opaque',
  data: { 'client-secret': 'cGxhY2Vob2xkZXI=' },
  ...more,
});
const rotated = (days: number): Doc => ({ annotations: { 'cullis.dev/rotated-at': ago(days) } });
const client = (issued: number, more: Doc = {}): string =>
  `${JSON.stringify({ client_id: 'shop', client_secret: 'a-long-random-client-secret-7f3a', redirect_uris: ['https://shop.example.com/cb'], grant_types: ['authorization_code'], client_id_issued_at: issued, ...more }, null, 2)}\n`;
const realm = (created: number): string =>
  `${JSON.stringify(
    {
      realm: 'shop',
      enabled: true,
      sslRequired: 'all',
      clients: [
        {
          clientId: 'worker',
          enabled: true,
          publicClient: false,
          secret: '**********',
          standardFlowEnabled: false,
          implicitFlowEnabled: false,
          directAccessGrantsEnabled: false,
          serviceAccountsEnabled: true,
          redirectUris: [],
          attributes: { 'client.secret.creation.time': String(created) },
        },
      ],
    },
    null,
    2,
  )}\n`;
/** What `vault kv metadata get -format=json` prints. */
const kv = (days: number): string =>
  `${JSON.stringify({ request_id: 'r', data: { created_time: ago(700), current_version: 2, max_versions: 0, versions: { 1: { created_time: ago(700), destroyed: false }, 2: { created_time: ago(days), destroyed: false } } } }, null, 2)}\n`;
const NAMES = ['orders-db', 'oauth-client', 'payment-key'];

export const gap: Gap = {
  name: 'secret-age',
  codes: ['secret.age', 'secrets-config.age', 'oauth.old-secret', 'oauth.client-secret-age'],
  cases(systems) {
    const base = systems.sockShop();
    add(base, ...NAMES.map((name) => secret(name, rotated(3))));
    base.files['identity/client.json'] = client(seconds(3), { client_secret_expires_at: seconds(-60) });
    base.files['identity/realm.json'] = realm(seconds(3));
    base.files['vault/orders.json'] = kv(3);
    const over = (edits: Readonly<Record<string, (doc: Doc) => void>>): Record<string, (world: World) => void> =>
      Object.fromEntries(
        NAMES.flatMap((name) =>
          Object.entries(edits).map(([what, edit]) => [`${name}: ${what}`, (world: World) => edit(find(world, 'Secret', name))]),
        ),
      );
    const annotate = (annotations: Doc) => (doc: Doc) => {
      doc['metadata'].annotations = annotations;
    };
    return casesOf(
      base,
      {
        ...over({
          '31 days': annotate({ 'cullis.dev/rotated-at': ago(31) }),
          '40 days, a day alone': annotate({ 'cullis.dev/rotated-at': ago(40).slice(0, 10) }),
          'a year': annotate({ 'cullis.dev/rotated-at': ago(365) }),
          'as the cluster made it': (doc) => {
            doc['metadata'].annotations = {};
            doc['metadata'].creationTimestamp = ago(90);
          },
          'a day that has yet to come': annotate({ 'cullis.dev/rotated-at': ago(-10) }),
        }),
        'a new secret that is old': (world) => add(world, secret('legacy', rotated(200))),
        'a registered client': (world) => {
          world.files['identity/client.json'] = client(seconds(45), { client_secret_expires_at: 0 });
        },
        'a registered client, long ago': (world) => {
          world.files['identity/client.json'] = client(seconds(400), { client_secret_expires_at: 0 });
        },
        'a version in the vault': (world) => {
          world.files['vault/orders.json'] = kv(45);
        },
        'a secret that has expired': (world) => {
          world.files['identity/client.json'] = client(seconds(45), { client_secret_expires_at: seconds(1) });
        },
        'a Keycloak client': (world) => {
          world.files['identity/realm.json'] = realm(seconds(45));
        },
        'a Keycloak client, long ago': (world) => {
          world.files['identity/realm.json'] = realm(seconds(700));
        },
      },
      {
        ...over({
          '29 days': annotate({ 'cullis.dev/rotated-at': ago(29) }),
          today: annotate({ 'cullis.dev/rotated-at': ago(0) }),
          'made long ago and rotated since': (doc) => {
            doc['metadata'].creationTimestamp = ago(300);
          },
          'in another zone': annotate({ 'cullis.dev/rotated-at': ago(10).replace('Z', '+00:00') }),
          labels: (doc) => {
            doc['metadata'].labels = { app: 'orders', created: 'long-ago' };
          },
        }),
        'an old service account token is not a client secret': (world) => {
          add(world, {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'old', namespace: 'sock-shop', creationTimestamp: ago(900) },
            data: { a: 'b' },
          });
        },
        'a client without a secret': (world) => {
          world.files['identity/client.json'] =
            `${JSON.stringify({ client_id: 'shop', redirect_uris: ['https://shop.example.com/cb'], grant_types: ['authorization_code'], token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://shop.example.com/jwks', client_id_issued_at: seconds(400) }, null, 2)}\n`;
        },
        'a client registered today': (world) => {
          world.files['identity/client.json'] = client(seconds(0), { client_secret_expires_at: seconds(-30) });
        },
        'a Keycloak client of last week': (world) => {
          world.files['identity/realm.json'] = realm(seconds(7));
        },
        'a version in the vault of last week': (world) => {
          world.files['vault/orders.json'] = kv(7);
        },
        'a new secret': (world) => add(world, secret('fresh', rotated(1))),
      },
    );
  },
};
