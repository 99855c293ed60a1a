import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { istio } from '../../../../test/fakes/jwt-verifiers.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits } from '../../../../test/fakes/scan.ts';
import { jwtInlineKey } from './jwt-inline-key.ts';

const inline = (key: object): string =>
  istio(`{ issuer: "https://i/", audiences: [a], jwks: '${JSON.stringify({ keys: [key] })}' }`);

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });

testRule(jwtInlineKey, {
  fails: [['RSA of 1024 bits', inline(short), 'high']],
  passes: [
    ['RSA of 2048 bits', inline(publicKey.export({ format: 'jwk' }))],
    ['elliptic curve', inline(ec.publicKey.export({ format: 'jwk' }))],
  ],
});

test('a private key is told of, and never repeated', () => {
  const secret = ec.privateKey.export({ format: 'jwk' });
  const findings = hits(jwtInlineKey, inline(secret));
  assert.deepEqual(
    findings.map(({ severity }) => severity),
    ['critical'],
  );
  assert.ok(!JSON.stringify(findings).includes(secret.d ?? 'none'));
});
