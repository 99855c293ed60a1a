import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readText } from '../../test/fakes/manifests.ts';
import { KEPT_KINDS } from './kept.ts';
import { KINDS } from './kinds.ts';

test('every kind that is kept is read without a word, at its scope', () => {
  for (const { group, kind, scope, nameless } of KEPT_KINDS) {
    const head = `apiVersion: ${group === '' ? 'v1' : `${group}/v1alpha7`}\nkind: ${kind}\n`;
    const { system, told } = readText(`${head}metadata: {name: x, namespace: shop}\nspec: {a: [1]}\nrules: [{b: c}]\n`);
    assert.deepEqual(told, [], kind);
    const [resource] = system.resources;
    assert.deepEqual(
      [resource?.kind, resource?.metadata.namespace, JSON.stringify(resource?.body['rules'])],
      [kind, scope === 'namespace' ? 'shop' : '', '[{"b":"c"}]'],
    );
    assert.deepEqual(readText(head).told.length, nameless ? 0 : 1, kind);
  }
});

test('no kind has two rows', () => {
  const seen = new Set<string>();
  for (const { group, kind } of KINDS) {
    assert.ok(!seen.has(`${group}/${kind}`), `${group}/${kind}`);
    seen.add(`${group}/${kind}`);
  }
});

test('keys for encryption and credentials of a kubeconfig are dropped', () => {
  const { system } = readText(
    'apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers:\n  - aescbc: {keys: [{name: k1, secret: c2VjcmV0Cg==}]}\n  - identity: {}\n---\napiVersion: v1\nkind: Config\nusers: [{name: u, user: {token: tok-1, client-key-data: a2V5, password: pw-1}}]\n',
  );
  const text = JSON.stringify(system);
  for (const secret of ['c2VjcmV0', 'tok-1', 'a2V5', 'pw-1']) assert.ok(!text.includes(secret), secret);
  assert.match(text, /"keys":\[\{"name":"k1","secret":null\}\]/);
});
