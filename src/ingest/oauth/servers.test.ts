import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readUnits } from '../units.ts';

/** What is declared: servers with registration, PKCE and response types, clients with redirects. */
function declared(files: Readonly<Record<string, string>>): readonly string[] {
  const { units, notAnalysed } = readUnits(Object.entries(files).map(([file, text]) => ({ file, text })));
  assert.deepEqual(notAnalysed, []);
  return units.flatMap(({ system }) => [
    ...system.oauthServers.map(
      ({ name, registration, pkceRequired, responseTypes }) =>
        `${name} registration=${registration?.value} pkce=${pkceRequired?.value} types=${responseTypes?.value.join('+')}`,
    ),
    ...system.oauthClients.map(
      ({ id, redirectUris, secret }) =>
        `${id} ${redirectUris.map(({ value, path }) => `${value} at ${path.join('.')}`).join(', ')}${secret ? ` secret=${secret.literal}` : ''}`,
    ),
  ]);
}

const HYDRA = 'urls: {self: {issuer: https://id.example.com/}}\nserve: {public: {port: 4444}}\n';

test('Hydra: registration and PKCE as they are set, and nothing where nothing is said', () => {
  assert.deepEqual(declared({ 'hydra.yml': HYDRA }), [
    'https://id.example.com/ registration=undefined pkce=undefined types=undefined',
  ]);
  const open = 'oauth2: {pkce: {enforced: false}}\noidc: {dynamic_client_registration: {enabled: true}}\n';
  assert.deepEqual(declared({ 'hydra.yml': HYDRA + open }), [
    'https://id.example.com/ registration=open pkce=false types=undefined',
  ]);
  const forPublic = 'oauth2: {pkce: {enforced: false, enforced_for_public_clients: true}}\n';
  assert.deepEqual(declared({ 'hydra.yml': HYDRA + forPublic }), [
    'https://id.example.com/ registration=undefined pkce=true types=undefined',
  ]);
});

const DEX = `issuer: https://dex.example.com
storage: {type: memory}
oauth2: {responseTypes: [code, token]}
staticClients:
  - {id: web, redirectURIs: ["https://shop.example.com/cb"], secret: 7f3a8e1c}
  - {id: cli, public: true, redirectURIs: ["http://127.0.0.1"]}
`;
const DEX_DECLARES = [
  'https://dex.example.com registration=undefined pkce=undefined types=code+token',
  'web https://shop.example.com/cb at staticClients.0.redirectURIs.0 secret=true',
  'cli http://127.0.0.1 at staticClients.1.redirectURIs.0',
];

test('Dex: its clients, in a file and in a ConfigMap', () => {
  assert.deepEqual(declared({ 'dex.yaml': DEX }), DEX_DECLARES);
  const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dex}\ndata:\n  config.yaml: |\n    ${DEX.trimEnd().replaceAll('\n', '\n    ')}\n`;
  assert.deepEqual(
    declared({ 'map.yaml': map }),
    DEX_DECLARES.map((line) => line.replace('at static', 'at data.config.yaml.static')),
  );
});

test('a ConfigMap with other files, broken ones and huge ones declares nothing', () => {
  const data = {
    'a.json': '{"clients": [',
    'b.yaml': 'issuer: x\n',
    'c.txt': DEX,
    'd.json': `{"realm": "${'x'.repeat(1_100_000)}"}`,
  };
  const map = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data });
  assert.deepEqual(declared({ 'map.json': map }), []);
});

test('Auth0: clients by their names, registration by the flag of the tenant', () => {
  const tenant = 'tenant: {friendly_name: Shop, flags: {enable_dynamic_client_registration: true}}\n';
  const clients = 'clients:\n  - {name: web, app_type: spa, callbacks: ["https://shop.example.com/cb"]}\n';
  assert.deepEqual(declared({ 'tenant.yaml': tenant + clients }), [
    'Shop registration=open pkce=undefined types=undefined',
    'web https://shop.example.com/cb at clients.0.callbacks.0',
  ]);
});
