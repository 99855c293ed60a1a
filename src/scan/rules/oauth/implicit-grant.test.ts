import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client, json, metadata, realm, variables, yaml } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hitsInFiles } from '../../../../test/fakes/scan-files.ts';
import { IMPLICIT_GRANT } from './implicit-grant.ts';

testRule(IMPLICIT_GRANT, {
  fails: [
    ['RFC 7591 grant', client({ grant_types: ['implicit'] }), 'high'],
    ['response type', client({ response_types: ['code', 'id_token token'] }), 'high'],
    ['Keycloak client', realm({ implicitFlowEnabled: true }), 'high'],
    [
      'Okta',
      json({ label: 'w', signOnMode: 'OPENID_CONNECT', settings: { oauthClient: { grant_types: ['implicit'] } } }),
      'high',
    ],
    ['server', metadata({ response_types_supported: ['code', 'token'] }), 'medium'],
    ['by a variable', variables('OIDC_RESPONSE_TYPE=id_token token'), 'high'],
    [
      'API document',
      yaml(
        'openapi: 3.0.0\ninfo: {title: t}\npaths: {}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {implicit: {authorizationUrl: "https://a", scopes: {}}}}}}',
      ),
      'medium',
    ],
  ],
  passes: [
    ['variables of other things', variables('RESPONSE_TYPE=token', 'OIDC_RESPONSE_TYPE=code')],
    [
      'switched off, or a client that is',
      realm({ enabled: false, implicitFlowEnabled: true }, { clients: [{ clientId: 'b', implicitFlowEnabled: false }] }),
    ],
    [
      'codes',
      {
        ...client({ grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }),
        'b.json': metadata({ response_types_supported: ['code', 'code id_token'] })['a.json']!,
      },
    ],
  ],
});

test('a finding stands where the setting is written', () => {
  const [found] = hitsInFiles(IMPLICIT_GRANT, realm({ implicitFlowEnabled: true }));
  assert.equal(found!.path, 'clients[0].implicitFlowEnabled');
});
