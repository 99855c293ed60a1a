import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment, policy } from '../../../../test/fakes/network.ts';
import { selectsNothing } from './selects-nothing.ts';

const CARTS = deployment('carts', { port: 7070, labels: { tier: 'backend' } });
const select = (podSelector: unknown, namespace = 'shop'): string => policy('p', { podSelector, ingress: [] }, namespace);

test('a selector that no pod has, with what was meant', () => {
  for (const [selector, help] of [
    [{ matchLabels: { app: 'cart' } }, 'did you mean `app: carts`?'],
    [{ matchLabels: { ap: 'carts' } }, 'did you mean the label `app`?'],
    [{ matchLabels: { name: 'carts' } }, 'did you mean the label `app`?'],
    [{ matchLabels: { app: 'carts', tier: 'backnd' } }, 'did you mean `tier: backend`?'],
    [{ matchLabels: { app: 'something-else' } }, 'write labels that the pods have, or remove the policy'],
  ] as const) {
    assert.deepEqual(
      hits(selectsNothing, CARTS, select(selector)).map(({ fix }) => fix!.text),
      [help],
      JSON.stringify(selector),
    );
  }
  const [found] = hits(selectsNothing, CARTS, select({ matchLabels: { app: 'cart' } }));
  assert.equal(found!.path, 'spec.podSelector.matchLabels.app');
  assert.equal(found!.severity, 'medium');
});

test('silent: it selects, selects all, or the namespace is not in the System', () => {
  for (const doc of [
    select({ matchLabels: { app: 'carts' } }),
    select({}),
    select({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['other'] }] }),
    select({ matchLabels: { app: 'cart' } }, 'elsewhere'),
  ]) {
    assert.deepEqual(hits(selectsNothing, CARTS, doc), [], doc);
  }
});

test('labels of pods in another namespace', () => {
  const [found] = hits(
    selectsNothing,
    CARTS,
    deployment('mailer', { namespace: 'post' }),
    select({ matchLabels: { app: 'mailer' } }),
  );
  assert.match(found!.fix!.text, /post\/mailer/);
});

test('a policy in a namespace that is not in the System is told when pods elsewhere wait for it', () => {
  const lost = select({ matchLabels: { app: 'carts' } }, 'default');
  assert.deepEqual(
    hits(selectsNothing, CARTS, lost).map(({ severity }) => severity),
    ['medium'],
  );
  const own = policy('own', { podSelector: { matchLabels: { app: 'carts' } }, ingress: [] }, 'shop');
  assert.deepEqual(hits(selectsNothing, CARTS, own, lost), []);
});
