// Documents of OAuth clients and servers for cases of rules.
import type { Files } from './scan-files.ts';

export const json = (value: object): Files => ({ 'a.json': JSON.stringify(value, null, 1) });

export const metadata = (more: object = {}): Files =>
  json({
    issuer: 'https://login.acme.com',
    authorization_endpoint: 'https://login.acme.com/authorize',
    token_endpoint: 'https://login.acme.com/token',
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...more,
  });

export const client = (more: object = {}): Files => json({ client_id: 'web', redirect_uris: ['https://a.acme.com/cb'], ...more });

export const redirects = (...uris: readonly string[]): Files => client({ redirect_uris: uris });

export const realm = (member: object = {}, more: object = {}): Files =>
  json({
    realm: 'shop',
    sslRequired: 'external',
    clients: [{ clientId: 'web', attributes: { 'pkce.code.challenge.method': 'S256' }, ...member }],
    ...more,
  });

export const yaml = (text: string): Files => ({ 'a.yaml': text });

export const proxy = (...args: readonly string[]): Files =>
  yaml(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: login}
spec:
  selector: {matchLabels: {app: login}}
  template:
    metadata: {labels: {app: login}}
    spec:
      initContainers: [{name: i, image: 'b:1'}]
      containers: [{name: p, image: 'quay.io/oauth2-proxy/oauth2-proxy:v7.8', args: ${JSON.stringify(['--client-id=x', ...args])}}]
`);

export const variables = (...pairs: readonly string[]): Files =>
  yaml(
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: 'a:1', env: ${JSON.stringify(
      pairs.map((pair) => ({ name: pair.split('=')[0], value: pair.slice(pair.indexOf('=') + 1) })),
    )}}]}`,
  );
