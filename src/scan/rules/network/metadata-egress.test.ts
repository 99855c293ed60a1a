import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy } from '../../../../test/fakes/network.ts';
import { metadataEgress } from './metadata-egress.ts';

const CART = deployment('cart', { port: 7070 });
const to = (cidr: string, except?: readonly string[], ports?: readonly unknown[]): string =>
  policy('p', {
    podSelector: {},
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr, ...(except && { except }) } }], ...(ports && { ports }) }],
  });

test('the metadata service reached by a range', () => {
  for (const [doc, count] of [
    [to('0.0.0.0/0'), 1],
    [to('169.254.0.0/16'), 1],
    [to('169.254.169.254/32'), 1],
    [to('0.0.0.0/0', ['10.0.0.0/8']), 1],
    [to('::/0'), 1],
    [to('0.0.0.0/0', ['169.254.0.0/16', '100.64.0.0/10']), 0],
    [to('0.0.0.0/0', ['169.254.169.254/32', '100.64.0.0/10']), 0],
    [to('0.0.0.0/0', undefined, [{ port: 443 }]), 0],
    [to('169.254.20.10/32'), 0],
    [to('203.0.113.0/24'), 0],
  ] as const) {
    assert.equal(hits(metadataEgress, CART, doc).length, count, doc);
  }
});

test('the fix takes it out and keeps what is out already', () => {
  const [found] = hits(metadataEgress, CART, to('0.0.0.0/0', ['10.0.0.0/8']));
  const [edit] = found!.fix!.edits!;
  assert.deepEqual(edit!.op === 'set' && edit!.value, ['10.0.0.0/8', '169.254.0.0/16']);
});

test("Google's Workload Identity needs the address", () => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: cart, namespace: shop, annotations: {iam.gke.io/gcp-service-account: a@b.iam.gserviceaccount.com}}';
  assert.deepEqual(hits(metadataEgress, CART, account, to('169.254.169.254/32')), []);
});
