import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemOfFiles } from '../../../test/fakes/scan-files.ts';
import type { Files } from '../../../test/fakes/scan-files.ts';

test('values of secrets never enter the System, whatever the document', () => {
  const value = 'hunter2hunter2';
  const files: Files = {
    'realm.json': JSON.stringify({
      realm: 'r',
      clients: [{ clientId: 'a', secret: value }],
      smtpServer: { password: value },
      components: { k: [{ config: { privateKey: [value] } }] },
      users: [{ credentials: [{ secretData: value }] }],
    }),
    'client.json': JSON.stringify({
      client_id: 'a',
      redirect_uris: [],
      client_secret: value,
      registration_access_token: value,
      jwks: { keys: [{ kty: 'RSA', d: value }] },
    }),
    'application.yml': `spring: {datasource: {password: ${value}}, security: {oauth2: {client: {registration: {a: {client-secret: ${value}}}}}}}`,
    'application.properties': `spring.datasource.password=${value}`,
    'appsettings.json': JSON.stringify({ Auth: { ClientSecret: value }, ConnectionStrings: { Db: value } }),
  };
  const system = systemOfFiles(files);
  assert.equal(system.oauthClients.filter(({ secret }) => secret?.literal).length, 3);
  assert.doesNotMatch(JSON.stringify(system), /hunter2/);
});
