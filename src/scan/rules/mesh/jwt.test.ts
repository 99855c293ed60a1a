import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import type { SystemRule } from '../../rule.ts';
import { jwtAudience, jwtExpiry, jwtIssuer } from './jwt-claims.ts';
import { jwtForwarded, jwtInlineKey, jwtInUrl, jwtKeysPlain } from './jwt-keys.ts';

const istio = (rule: string): string =>
  `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: { name: users, namespace: shop }\nspec: { jwtRules: [${rule}] }\n`;
const kong = (config: string, plugin = 'jwt'): string =>
  `apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata: { name: users, namespace: shop }\nplugin: ${plugin}\nconfig: ${config}\n`;
const emissary = (jwt: string): string =>
  `apiVersion: getambassador.io/v3alpha1\nkind: Filter\nmetadata: { name: users, namespace: shop }\nspec: { JWT: ${jwt} }\n`;
const traefik = (config: string): string =>
  `apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: { name: users, namespace: shop }\nspec: { plugin: { jwt: ${config} } }\n`;
const envoy = (provider: string): string =>
  `apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: { name: users, namespace: shop }\nspec: { jwt: { providers: [${provider}] } }\n`;

const GOOD = 'issuer: "https://login.example.com/", audiences: [shop], jwksUri: "https://login.example.com/keys"';

function check(rule: SystemRule, rows: readonly (readonly [text: string, want: string | undefined])[]): void {
  for (const [text, want] of rows) {
    assert.deepEqual(
      hits(rule, text).map(({ severity }) => severity),
      want === undefined ? [] : [want],
      `${rule.id} ${text}`,
    );
  }
}

test('claims that are not looked at', () => {
  check(jwtAudience, [
    [istio('{ issuer: "https://i/", jwksUri: "https://i/keys" }'), 'medium'],
    [istio(`{ ${GOOD} }`), undefined],
    [emissary('{ jwksURI: "https://i/keys", requireIssuer: true }'), 'medium'],
    [emissary('{ jwksURI: "https://i/keys", requireAudience: true, audience: shop }'), undefined],
    [kong('{ issuer: "https://i/" }', 'openid-connect'), 'medium'],
    [kong('{ issuer: "https://i/", audience_required: [shop] }', 'openid-connect'), undefined],
    [traefik('{ secret: s }'), 'medium'],
    [traefik('{ secret: s, require: { aud: shop } }'), undefined],
    // Told by the rule over settings that switch checks off.
    [envoy('{ name: a, remoteJWKS: { uri: "https://i/keys" } }'), undefined],
  ]);
  check(jwtIssuer, [
    [istio('{ jwksUri: "https://i/keys", audiences: [shop] }'), 'medium'],
    [istio(`{ ${GOOD} }`), undefined],
    [emissary('{ jwksURI: "https://i/keys" }'), 'medium'],
    [kong('{ key_claim_name: kid }'), 'medium'],
    [kong('{}'), undefined],
  ]);
  check(jwtExpiry, [
    [kong('{}'), 'high'],
    [kong('{ claims_to_verify: [nbf] }'), 'high'],
    [kong('{ claims_to_verify: [exp] }'), undefined],
    [kong('{ minute: 5 }', 'rate-limiting'), undefined],
    [emissary('{ jwksURI: "https://i/keys" }'), 'high'],
    [emissary('{ jwksURI: "https://i/keys", requireExpiresAt: true }'), undefined],
    [istio('{ issuer: "https://i/", jwksUri: "https://i/keys" }'), undefined],
  ]);
});

test('keys over plain HTTP, and tokens in the address', () => {
  check(jwtKeysPlain, [
    [istio('{ issuer: "https://i/", jwksUri: "http://login.example.com/keys" }'), 'high'],
    [istio('{ issuer: "https://i/", jwksUri: "http://keycloak.auth.svc.cluster.local/keys" }'), 'medium'],
    [istio(`{ ${GOOD} }`), undefined],
    [envoy('{ name: a, issuer: i, audiences: [a], remoteJWKS: { uri: "http://login.example.com/keys" } }'), 'high'],
  ]);
  check(jwtForwarded, [
    [istio(`{ ${GOOD}, forwardOriginalToken: true }`), 'info'],
    [istio(`{ ${GOOD}, forwardOriginalToken: false }`), undefined],
  ]);
  check(jwtInUrl, [
    [istio(`{ ${GOOD}, fromParams: [token] }`), 'medium'],
    [istio(`{ ${GOOD}, fromHeaders: [{ name: x-token }] }`), undefined],
    [envoy('{ name: a, issuer: i, audiences: [a], extractFrom: { params: [t] } }'), 'medium'],
  ]);
});

test('keys in the manifest, whose values are never repeated', () => {
  const inline = (key: object): string =>
    istio(`{ issuer: "https://i/", audiences: [a], jwks: '${JSON.stringify({ keys: [key] })}' }`);
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  check(jwtInlineKey, [
    [inline(publicKey.export({ format: 'jwk' })), undefined],
    [inline(ec.publicKey.export({ format: 'jwk' })), undefined],
    [inline(short), 'high'],
  ]);
  const secret = ec.privateKey.export({ format: 'jwk' });
  const findings = hits(jwtInlineKey, inline(secret));
  assert.deepEqual(
    findings.map(({ severity }) => severity),
    ['critical'],
  );
  assert.ok(!JSON.stringify(findings).includes(secret.d ?? 'none'));
});
