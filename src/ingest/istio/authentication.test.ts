import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifest, readText } from '../../../test/fakes/manifests.ts';

const V1 = 'security.istio.io/v1';
const request = (rule: string): string => manifest(V1, 'RequestAuthentication', `  jwtRules:\n  - ${rule}`);
const peer = (spec: string): string => manifest(V1, 'PeerAuthentication', spec);

test('JWT rules are held as written, empty texts left out', () => {
  const { system, told } = readText(
    request(
      '{issuer: a, jwksUri: "", outputPayloadToHeader: "", fromHeaders: [{name: x, prefix: "Bearer "}], timeout: 5s, presence: REQUIRED}',
    ),
  );
  assert.deepEqual(told, []);
  assert.deepEqual(system.requestAuthentications[0]!.spec.jwtRules, [
    { issuer: 'a', fromHeaders: [{ name: 'x', prefix: 'Bearer ' }], timeout: '5s', presence: 'REQUIRED' },
  ]);
});

test('JWT rules that Istio refuses are refused', () => {
  for (const [rule, code] of [
    ['{}', 'required'],
    ['{issuer: a, jwksUri: ftp://x}', 'url'],
    ['{issuer: a, jwksUri: "https://x:99999"}', 'url'],
    ['{issuer: a, jwks_uri: https://x}', 'unknown-field'],
    ['{issuer: a, timeout: 0s}', 'duration'],
    ['{issuer: a, timeout: 500us}', 'duration'],
    ['{issuer: a, outputPayloadToHeader: "x\\r\\ny"}', 'value'],
    ['{issuer: a, jwks: "{\\"keys\\":[{\\"kty\\":\\"RSA\\"}]}"}', 'jwks'],
    ['{issuer: a, jwks: "{\\"keys\\":[{\\"kty\\":\\"XYZ\\"}]}"}', 'jwks'],
    ['{issuer: a, jwks: "[]"}', 'jwks'],
    ['{issuer: a, forwardOriginalToken: "yes"}', 'type'],
  ] as const) {
    const { system, told } = readText(request(rule));
    assert.match(told.join(), new RegExp(`reqauth\\.${code}`), rule);
    assert.equal(system.requestAuthentications.length, 0, rule);
  }
});

test('the private parts of a JWK never reach the System', () => {
  const jwks = JSON.stringify({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB', d: 'topsecret', p: 'topsecret', kid: 'k' }] });
  const { system, told, messages } = readText(request(`{issuer: a, jwks: '${jwks}'}`));
  assert.deepEqual(told, ['warning 6:17 reqauth.jwks-private']);
  assert.equal(
    system.requestAuthentications[0]!.spec.jwtRules![0]!.jwks,
    '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"k"}]}',
  );
  assert.doesNotMatch(JSON.stringify(system) + messages, /topsecret/);
});

test('PeerAuthentication: modes, ports as keys, number or text', () => {
  const { system, told } = readText(
    peer(
      '  selector: {matchLabels: {app: a}}\n  mtls: {mode: STRICT}\n  portLevelMtls:\n    8080: {mode: DISABLE}\n    "9090": {}',
    ),
  );
  assert.deepEqual(told, []);
  assert.deepEqual(system.peerAuthentications[0]!.spec, {
    selector: { matchLabels: { app: 'a' } },
    mtls: { mode: 'STRICT' },
    portLevelMtls: { '8080': { mode: 'DISABLE' }, '9090': {} },
  });
  for (const [spec, want] of [
    ['  mtls: {mode: strict}', 'error 5:10 peerauth.value'],
    ['  mtls: STRICT', 'error 5:3 peerauth.type'],
    ['  selector: {matchLabels: {a: b}}\n  portLevelMtls: {70000: {mode: STRICT}}', 'error 6:19 peerauth.port'],
    ['  portLevelMtls: {80: {mode: STRICT}}', 'error 5:3 peerauth.port-level'],
    ['  targetRefs: []', 'error 5:3 peerauth.unknown-field'],
  ] as const) {
    assert.ok(readText(peer(spec)).told.includes(want), `${spec}: ${readText(peer(spec)).told.join()}`);
  }
});

test('the dry-run annotation stands only where it has a meaning', () => {
  for (const [kind, spec, value, valid] of [
    ['AuthorizationPolicy', '  action: ALLOW', 'true', true],
    ['AuthorizationPolicy', '  action: DENY\n  rules: [{}]', 'F', true],
    ['AuthorizationPolicy', '  action: ALLOW', 'yes', false],
    ['AuthorizationPolicy', '  action: AUDIT', 'true', false],
    ['PeerAuthentication', '  mtls: {mode: STRICT}', 'true', false],
  ] as const) {
    const { system } = readText(manifest(V1, kind, spec, `name: x, annotations: {istio.io/dry-run: "${value}"}`));
    assert.equal(system.resources.length === 1, valid, `${kind} ${value}`);
  }
});
