import { findingsInCode } from '../../../../test/fakes/code-files.ts';
import { testRuleBy } from '../../../../test/fakes/rule-cases.ts';
import { PROVIDER } from './oauth-provider.ts';

const provider = (configuration: string): string =>
  `import Provider from 'oidc-provider';\nnew Provider('https://i', { pkce: { required: () => true }, ${configuration} });`;

testRuleBy(PROVIDER, findingsInCode, {
  fails: [
    ['implicit flow', ['a.ts', "new UserManager({ authority, client_id, response_type: 'id_token token' });"], 'high'],
    ['implicit flow in an address', ['a.ts', 'location.href = `https://i/authorize?client_id=a&response_type=token`;'], 'high'],
    ['open registration', ['a.js', provider('features: { registration: { enabled: true } }')], 'high'],
  ],
  passes: [
    ['codes', ['a.ts', "new UserManager({ authority, client_id, response_type: 'code' });"]],
    ['the response of an HTTP call', ['a.ts', "axios.get(u, { responseType: 'json' }); const pkce = true;"]],
    ['registration with a token', ['a.js', provider('features: { registration: { enabled: true, initialAccessToken: true } }')]],
  ],
});
