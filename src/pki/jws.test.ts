import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { base64url, ecIssuer, edIssuer, jwksOf, rsaIssuer, signAs, token } from '../../test/fakes/tokens.ts';
import { repeatsMember, readJsonObject } from './json-object.ts';
import { readJwk, readJwks } from './jwk.ts';
import type { VerificationKey } from './jwk.ts';
import { readJws, verifyJws } from './jws.ts';

const rsa = rsaIssuer('rsa');
const ec = ecIssuer('ec');
const ec384 = ecIssuer('ec384', 'P-384');
const ed = edIssuer('ed');
const CLAIMS = { sub: 'a' };

function keys(text: string, symmetric = false): readonly VerificationKey[] {
  const read = readJwks(Buffer.from(text), symmetric);
  assert.ok(read.ok);
  return read.keys;
}

const PUBLIC = keys(jwksOf(rsa, ec, ec384, ed));

function accepts(jws: string, set = PUBLIC): boolean {
  const read = readJws(jws);
  return read.ok && verifyJws(read.jws, set);
}

test('every supported algorithm verifies', () => {
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) assert.ok(accepts(token(rsa, CLAIMS, {}, alg)), alg);
  assert.ok(accepts(token(ec, CLAIMS, {}, 'ES256')));
  assert.ok(accepts(token(ec384, CLAIMS, {}, 'ES384')));
  assert.ok(accepts(token(ed, CLAIMS)));
  const secret = Buffer.alloc(64, 7);
  const set = keys(JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url') }] }), true);
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    const input = `${base64url({ alg })}.${base64url(CLAIMS)}`;
    assert.ok(accepts(`${input}.${signAs(alg, createSecretKey(secret), input)}`, set), alg);
  }
});

function unsigned(header: unknown): string {
  return `${base64url(header)}.${base64url(CLAIMS)}.`;
}
function hmacWith(secret: string | Buffer): string {
  const input = `${base64url({ alg: 'HS256' })}.${base64url(CLAIMS)}`;
  return `${input}.${signAs('HS256', createSecretKey(Buffer.from(secret)), input)}`;
}
const rsaPem = PUBLIC[0]!.key.export({ type: 'spki', format: 'pem' });
const rsaDer = PUBLIC[0]!.key.export({ type: 'spki', format: 'der' });
const pinned = keys(JSON.stringify({ keys: [{ ...rsa.jwk, alg: 'PS256' }] }));
const good = token(ec, CLAIMS);
const [h, p, s] = good.split('.') as [string, string, string];
function withSignature(bytes: Buffer): string {
  return `${h}.${p}.${bytes.toString('base64url')}`;
}

const REFUSED: readonly (readonly [line: number, title: string, jws: string, set?: readonly VerificationKey[]])[] = [
  [32, 'alg none', unsigned({ alg: 'none' })],
  [32, 'alg None', unsigned({ alg: 'None' })],
  [32, 'alg nOnE', unsigned({ alg: 'nOnE' })],
  [32, 'alg empty', unsigned({ alg: '' })],
  [32, 'alg missing', unsigned({})],
  [32, 'alg a list', unsigned({ alg: ['ES256'] })],
  [32, 'alg __proto__', unsigned({ alg: '__proto__' })],
  [32, 'alg constructor', unsigned({ alg: 'constructor' })],
  [32, 'alg rs256 in lower case', token(rsa, CLAIMS, { alg: 'rs256' }, 'RS256')],
  [32, 'HS256 with the RSA public key as PEM', hmacWith(rsaPem)],
  [32, 'HS256 with the RSA public key as DER', hmacWith(rsaDer)],
  [32, 'HS256 with the modulus', hmacWith(Buffer.from(String(rsa.jwk['n']), 'base64url'))],
  [32, 'RS256 where the key says PS256', token(rsa, CLAIMS, {}, 'RS256'), pinned],
  [32, 'PS512 where the key says PS256', token(rsa, CLAIMS, {}, 'PS512'), pinned],
  [32, 'RS256 header over a PS256 signature', token(rsa, CLAIMS, { alg: 'RS256' }, 'PS256')],
  [32, 'ES256 with a key on P-384', token(ec384, CLAIMS, { alg: 'ES256' }, 'ES384')],
  [32, 'ES256 with r and s zero', withSignature(Buffer.alloc(64))],
  [32, 'ES256 with r zero', withSignature(Buffer.concat([Buffer.alloc(32), Buffer.from(s, 'base64url').subarray(32)]))],
  [32, 'ES256 with a short signature', withSignature(Buffer.from(s, 'base64url').subarray(0, 63))],
  [32, 'ES256 with a long signature', withSignature(Buffer.concat([Buffer.from(s, 'base64url'), Buffer.alloc(2)]))],
  [32, 'ES256 with an empty signature', `${h}.${p}.`],
  [32, 'crit naming an unknown extension', token(ec, CLAIMS, { crit: ['exp'], exp: 1 })],
  [32, 'crit empty', token(ec, CLAIMS, { crit: [] })],
  [32, 'b64 false', token(ec, CLAIMS, { b64: false, crit: ['b64'] })],
  [32, 'b64 without crit', token(ec, CLAIMS, { b64: false })],
  [32, 'zip', token(ec, CLAIMS, { zip: 'DEF' })],
  [32, 'a JWE of five parts', `${h}.AA.AA.AA.AA`],
  [32, 'enc in a JWS', token(ec, CLAIMS, { enc: 'A128GCM' })],
  [33, 'a key that the header brings (jwk)', token(ecIssuer('x'), CLAIMS, { jwk: ecIssuer('y').jwk, kid: undefined })],
  [34, 'kid of another key', token(ec, CLAIMS, { kid: 'rsa' })],
  [34, 'kid of path traversal', token(ec, CLAIMS, { kid: '../../dev/null' })],
  [34, 'kid of SQL', token(ec, CLAIMS, { kid: `' OR 1=1 --` })],
  [34, 'kid of two thousand characters', token(ec, CLAIMS, { kid: 'a'.repeat(2000) })],
  [34, 'kid a number', token(ec, CLAIMS, { kid: 1 })],
  [38, 'padding', `${h}.${p}.${s}=`],
  [38, 'a line feed', `${h}.${p}\n.${s}`],
  [38, 'a space before', ` ${good}`],
  [38, 'plus and slash', `${h}.${p}.${'+/'.repeat(43)}`],
  [38, 'bits after the end', `${h}.${p}.${s.slice(0, -1)}${lastBitSet(s.at(-1)!)}`],
  [38, 'two parts', `${h}.${p}`],
  [38, 'four parts', `${good}.${s}`],
  [38, 'nothing', ''],
  [39, 'more than 8 KiB', token(ec, { sub: 'a'.repeat(8192) })],
  [36, 'alg twice', `${base64url('{"alg":"none","alg":"ES256"}')}.${p}.${s}`],
  [36, 'header not JSON', `${base64url('{')}.${p}.${s}`],
  [36, 'header a list', `${base64url([])}.${p}.${s}`],
  [36, 'header not UTF-8', `${Buffer.from('{"alg":"ES256","x":"\xff"}', 'latin1').toString('base64url')}.${p}.${s}`],
];

/** The last character of 64 bytes in base64url carries two bits; another character with the same two bits is a second spelling. */
function lastBitSet(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(last) | 1]!;
}

for (const [line, title, jws, set] of REFUSED)
  test(`proxy-hardening ${line}: ${title} is refused`, () => assert.equal(accepts(jws, set), false));

test('proxy-hardening 33: pointers to keys in the header are not followed', () => {
  const pointers = { jku: 'https://evil.test/jwks', x5u: 'https://evil.test/x5u', x5c: ['MAA='], jwk: ecIssuer('evil').jwk };
  assert.equal(accepts(token(ec, CLAIMS, pointers)), true, 'they are neither obeyed nor an error');
});

test('proxy-hardening 34: without kid all fitting keys are tried, with a duplicate kid both', () => {
  const [one, two] = [ecIssuer('same'), ecIssuer('same')];
  const set = keys(jwksOf(one, two));
  assert.ok(accepts(token(one, CLAIMS), set) && accepts(token(two, CLAIMS), set));
  assert.ok(accepts(token(two, CLAIMS, { kid: undefined }), set));
  assert.ok(accepts(token(ec, CLAIMS, { kid: 'any' }), keys(JSON.stringify({ keys: [{ ...ec.jwk, kid: undefined }] }))));
  // More keys than are tried: bounded, so refused.
  const many = Array.from({ length: 9 }, (_, i) => ecIssuer(String(i)));
  assert.equal(accepts(token(many[8]!, CLAIMS, { kid: undefined }), keys(jwksOf(...many))), false);
  assert.equal(accepts(token(many[8]!, CLAIMS), keys(jwksOf(...many))), true);
});

const JWK_REFUSED: readonly (readonly [title: string, jwk: unknown, symmetric?: boolean])[] = [
  ['an encryption key', { ...ec.jwk, use: 'enc' }],
  ['a key for signing only', { ...ec.jwk, key_ops: ['sign'] }],
  ['a symmetric key in a published set', { kty: 'oct', k: Buffer.alloc(64).toString('base64url') }],
  ['a short symmetric key', { kty: 'oct', k: 'c2hvcnQ', alg: 'HS256' }, true],
  ['a symmetric key too short for its alg', { kty: 'oct', k: Buffer.alloc(32).toString('base64url'), alg: 'HS512' }, true],
  ['alg none', { ...ec.jwk, alg: 'none' }],
  ['alg HS256 on an EC key', { ...ec.jwk, alg: 'HS256' }],
  ['alg ES384 on P-256', { ...ec.jwk, alg: 'ES384' }],
  ['a point that is not on the curve', { ...ec.jwk, x: ec.jwk['y'], y: ec.jwk['x'] }],
  ['another curve', { ...ec.jwk, crv: 'secp256k1' }],
  ['an RSA key of 1024 bits', { kty: 'RSA', n: Buffer.alloc(128, 0xc5).toString('base64url'), e: 'AQAB' }],
  ['an RSA exponent of one', { ...rsa.jwk, e: 'AQ' }],
  ['an even RSA exponent', { ...rsa.jwk, e: 'BA' }],
  ['no kty', { kid: 'x' }],
  ['a list', []],
  ['null', null],
  ['a kid that is a number', { ...ec.jwk, kid: 7 }],
];
for (const [title, jwk, symmetric = false] of JWK_REFUSED)
  test(`JWK: ${title} is refused`, () => assert.equal(readJwk(jwk, symmetric).ok, false));

test('a key set keeps its usable keys, and is refused when it has none, or too many', () => {
  assert.equal(keys(JSON.stringify({ keys: [{ kty: 'X' }, ec.jwk, { ...rsa.jwk, use: 'enc' }] })).length, 1);
  for (const text of [
    '',
    '[]',
    '{}',
    '{"keys":{}}',
    '{"keys":[]}',
    '{"keys":[{"kty":"X"}]}',
    `{"keys":[],"keys":[${JSON.stringify(ec.jwk)}]}`,
  ]) {
    assert.equal(readJwks(Buffer.from(text), false).ok, false, text);
  }
  assert.equal(readJwks(Buffer.from(JSON.stringify({ keys: Array.from({ length: 65 }, () => ec.jwk) })), false).ok, false);
});

test('a private key in a set is read as its public half', () => {
  const read = readJwk(ec.privateKey.export({ format: 'jwk' }), false);
  assert.ok(read.ok);
  assert.equal(read.key.key.type, 'public');
});

const REPEATS: readonly (readonly [string, boolean])[] = [
  ['{"a":1,"b":2}', false],
  ['{"a":1,"a":2}', true],
  ['{"a":1,"\\u0061":2}', true],
  ['{"a":{"b":1},"b":{"a":1}}', false],
  ['{"a":{"b":1,"b":2}}', false],
  ['{"a":["a","a"],"b":"a"}', false],
  ['{"a":"\\"","a":1}', true],
  ['{"a":"}","b":",\\"a\\":"}', false],
  ['{"":1,"":2}', true],
  ['{"__proto__":1,"__proto__":2}', true],
];
for (const [text, want] of REPEATS) test(`repeatsMember ${text}`, () => assert.equal(repeatsMember(text), want));

test('repeatsMember finds exactly the objects that name a member twice', () => {
  const name = fc.constantFrom('a', 'b', '"', '\\', '{', ',', ':', 'é');
  const value = fc.constantFrom('1', '"x"', '{"a":1,"b":[{"a":2}]}', '["a","b"]', '"\\""', 'null');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 5 }), (members) => {
      const text = `{${members.map(([key, json]) => `${JSON.stringify(key)} : ${json}`).join(' , ')}}`;
      assert.equal(repeatsMember(text), new Set(members.map(([key]) => key)).size < members.length, text);
    }),
    { numRuns: 300 },
  );
  assert.equal(readJsonObject(Buffer.from('{"a":1,"a":1}')), undefined);
});
