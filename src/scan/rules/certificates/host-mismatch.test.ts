import assert from 'node:assert/strict';
import { test } from 'node:test';
import { good, leaf, other, secret } from '../../../../test/fakes/certificate-files.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { hits, systemOf } from '../../../../test/fakes/scan.ts';
import { HOST_MISMATCH } from './host-mismatch.ts';

const ingress = (host: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  tls: [{hosts: [${host}], secretName: tls}]\n  defaultBackend: {service: {name: a, port: {number: 80}}}\n`;
const wild = secret(leaf({}, '*.acme.com').pem, other);

testRule(HOST_MISMATCH, {
  fails: [
    ['another host', [ingress('shop.acme.com'), secret(good.pem, other)], 'medium'],
    ['a star is for one label', [ingress('a.shop.acme.com'), wild], 'medium'],
    ['a star is for no less than one', [ingress('acme.com'), wild], 'medium'],
  ],
  passes: [
    ['the host', [ingress('cart.shop.svc'), secret(good.pem, other)]],
    ['a star for it', [ingress('shop.acme.com'), wild]],
    ['the Secret is made elsewhere', [ingress('shop.acme.com')]],
  ],
});

test('the title names Secret and host', () => {
  const [found] = hits(HOST_MISMATCH, ingress('a.shop.acme.com'), wild);
  assert.equal(found?.title, 'the certificate in `tls` is not for `a.shop.acme.com`');
});

test('of a Secret only the certificate is kept', () => {
  const [resource] = systemOf(secret(good.pem, other)).resources;
  assert.deepEqual(resource!.body['certificates'], { 'tls.crt': good.pem });
  assert.deepEqual(resource!.body['data'], { 'tls.crt': null, 'tls.key': null });
});
