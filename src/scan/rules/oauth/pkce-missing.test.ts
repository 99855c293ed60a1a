import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadata, proxy, realm, variables } from '../../../../test/fakes/oauth-documents.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hitsInFiles } from '../../../../test/fakes/scan-files.ts';
import { PKCE_MISSING } from './pkce-missing.ts';

testRule(PKCE_MISSING, {
  fails: [
    ['by a variable', variables('OAUTH_USE_PKCE=false'), 'medium'],
    ['Keycloak public client', realm({ publicClient: true, attributes: {} }), 'high'],
    ['server that says nothing', metadata({ code_challenge_methods_supported: undefined }), 'medium'],
    ['oauth2-proxy', proxy('--redirect-url=https://a.test/oauth2/callback'), 'medium'],
  ],
  passes: [
    ['a variable that demands it', variables('OAUTH_USE_PKCE=true')],
    [
      'S256, service account',
      {
        ...realm(
          {},
          {
            clients: [
              { clientId: 'w', attributes: { 'pkce.code.challenge.method': 'S256' } },
              { clientId: 's', standardFlowEnabled: false, serviceAccountsEnabled: true },
            ],
          },
        ),
        'b.yaml': proxy('--code-challenge-method=S256')['a.yaml']!,
      },
    ],
  ],
});

test('a finding stands at the container whose arguments say nothing', () => {
  const [found] = hitsInFiles(PKCE_MISSING, proxy('--redirect-url=https://a.test'));
  assert.equal(found!.path, 'spec.template.spec.containers[0]');
});
