// Gap: secrets that have not been changed for more than thirty days; by the words of other tools.
import { gap as first } from '../gaps/secret-age.ts';
import { add, casesOf, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';
import { MUTANTS_NOW } from '../now.ts';

const DAY_MS = 86_400_000;
const at = (days: number): string => new Date(MUTANTS_NOW - days * DAY_MS).toISOString();
const seconds = (days: number): number => Math.floor((MUTANTS_NOW - days * DAY_MS) / 1000);
const NAMESPACE = 'sock-shop';

const secret = (name: string, metadata: Doc, data: Doc = { token: 'cGxhY2Vob2xkZXI=' }, type = 'Opaque'): Doc => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: NAMESPACE, ...metadata },
  type,
  data,
});
const annotated = (annotations: Doc) => (world: World) => {
  find(world, 'Secret', 'carts-db')['metadata'].annotations = annotations;
};
const put =
  (...docs: readonly Doc[]) =>
  (world: World) =>
    add(world, ...docs);
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const client = (more: Doc): string =>
  json({
    client_id: 'carts',
    client_secret: 'q8Zr-2mVtY6pLw4K',
    client_name: 'Carts',
    redirect_uris: ['https://socks.example/callback'],
    grant_types: ['authorization_code'],
    ...more,
  });
const realm = (clients: readonly Doc[]): string => json({ realm: 'socks', enabled: true, sslRequired: 'all', clients });
const confidential = (name: string, days: number, more: Doc = {}): Doc => ({
  clientId: name,
  enabled: true,
  publicClient: false,
  secret: '**********',
  standardFlowEnabled: false,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  serviceAccountsEnabled: true,
  redirectUris: [],
  attributes: { 'client.secret.creation.time': String(seconds(days)) },
  ...more,
});
const file = (path: string, text: string) => (world: World) => {
  world.files[path] = text;
};

export const gap: Gap = {
  name: 'more-secret-age',
  codes: first.codes,
  cases(systems) {
    const base = systems.sockShop();
    add(base, secret('carts-db', { annotations: { 'cullis.dev/rotated-at': at(2) } }));
    base.files['identity/carts.json'] = client({ client_id_issued_at: seconds(5), client_secret_expires_at: seconds(-20) });
    base.files['identity/realm.json'] = realm([confidential('worker', 4)]);
    return casesOf(
      base,
      {
        'the day of the last rotation, in words of our own': annotated({ 'cullis.dev/rotated-at': at(44) }),
        'a day with slashes is no day, and the cluster knows better': (world) => {
          const { metadata } = find(world, 'Secret', 'carts-db');
          metadata.annotations = { 'cullis.dev/rotated-at': 'last spring' };
          metadata.creationTimestamp = at(70);
        },
        'thirty-one days to the hour': annotated({ 'cullis.dev/rotated-at': at(31.1) }),
        'in another zone': annotated({ 'cullis.dev/rotated-at': at(61).replace('Z', '+02:00') }),
        'a key of a registry': put(
          secret('pull', { creationTimestamp: at(120) }, { '.dockerconfigjson': 'e30=' }, 'kubernetes.io/dockerconfigjson'),
        ),
        'a password for basic authentication': put(
          secret('basic', { creationTimestamp: at(33) }, { username: 'YQ==', password: 'Yg==' }, 'kubernetes.io/basic-auth'),
        ),
        'an SSH key': put(
          secret('ssh', { creationTimestamp: at(400) }, { 'ssh-privatekey': 'cGxhY2Vob2xkZXI=' }, 'kubernetes.io/ssh-auth'),
        ),
        'an external secret that is read once': put({
          apiVersion: 'external-secrets.io/v1beta1',
          kind: 'ExternalSecret',
          metadata: { name: 'orders', namespace: NAMESPACE },
          spec: {
            refreshInterval: '0',
            secretStoreRef: { name: 'vault', kind: 'ClusterSecretStore' },
            target: { name: 'orders' },
            data: [{ secretKey: 'password', remoteRef: { key: 'orders', property: 'password' } }],
          },
        }),
        'a client that was registered two months ago': file(
          'identity/carts.json',
          client({ client_id_issued_at: seconds(62), client_secret_expires_at: 0 }),
        ),
        'a client whose secret ends in a year': file(
          'identity/carts.json',
          client({ client_id_issued_at: seconds(45), client_secret_expires_at: seconds(-320) }),
        ),
        'a second client of the realm': file(
          'identity/realm.json',
          realm([confidential('worker', 4), confidential('reports', 95)]),
        ),
        'a realm whose only client is old': file('identity/realm.json', realm([confidential('worker', 31.2)])),
      },
      {
        'rotated today': annotated({ 'cullis.dev/rotated-at': at(0.1) }),
        'made a year ago, rotated a week ago': (world) => {
          const { metadata } = find(world, 'Secret', 'carts-db');
          metadata.annotations = { 'cullis.dev/rotated-at': at(7) };
          metadata.creationTimestamp = at(365);
        },
        'almost thirty days': annotated({ 'cullis.dev/rotated-at': at(29.4) }),
        'a certificate authority alone': put(secret('ca', { creationTimestamp: at(200) }, { 'ca.crt': 'LS0t' })),
        'a token of a service account, which the cluster renews': put(
          secret(
            'token',
            { creationTimestamp: at(300), annotations: { 'kubernetes.io/service-account.name': 'default' } },
            {},
            'kubernetes.io/service-account-token',
          ),
        ),
        'a release of Helm': put(
          secret('sh.helm.release.v1.socks.v1', { creationTimestamp: at(90) }, { release: 'H4sI' }, 'helm.sh/release.v1'),
        ),
        'an external secret that is read every hour': put({
          apiVersion: 'external-secrets.io/v1beta1',
          kind: 'ExternalSecret',
          metadata: { name: 'orders', namespace: NAMESPACE, creationTimestamp: at(300) },
          spec: {
            refreshInterval: '1h',
            secretStoreRef: { name: 'vault', kind: 'ClusterSecretStore' },
            target: { name: 'orders' },
            data: [{ secretKey: 'password', remoteRef: { key: 'orders', property: 'password' } }],
          },
        }),
        'a config map as old as the hills': put({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'settings', namespace: NAMESPACE, creationTimestamp: at(900) },
          data: { colour: 'blue' },
        }),
        'a client with keys of its own': file(
          'identity/carts.json',
          json({
            client_id: 'carts',
            redirect_uris: ['https://socks.example/callback'],
            grant_types: ['authorization_code'],
            token_endpoint_auth_method: 'private_key_jwt',
            jwks_uri: 'https://socks.example/jwks',
            client_id_issued_at: seconds(600),
          }),
        ),
        'a public client of the realm': file(
          'identity/realm.json',
          realm([
            confidential('worker', 4),
            {
              clientId: 'web',
              enabled: true,
              publicClient: true,
              standardFlowEnabled: true,
              redirectUris: ['https://socks.example/callback'],
              attributes: { 'pkce.code.challenge.method': 'S256', 'client.secret.creation.time': String(seconds(500)) },
            },
          ]),
        ),
        'a disabled client of the realm': file(
          'identity/realm.json',
          realm([confidential('worker', 4), confidential('gone', 700, { enabled: false })]),
        ),
        'a second secret of yesterday': put(secret('orders-db', { annotations: { 'cullis.dev/rotated-at': at(1) } })),
      },
    );
  },
};
