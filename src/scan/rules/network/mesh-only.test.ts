import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import { deployment } from '../../../../test/fakes/network.ts';
import { meshOnly } from './mesh-only.ts';

const mesh = (mode: string, spec: string): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: shop}\nspec: {mtls: {mode: ${mode}}}\n---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: ${spec}`;

test('only what the mesh closes for certain counts as protected by it', () => {
  for (const [mode, spec, count] of [
    ['STRICT', '{}', 1],
    ['PERMISSIVE', '{}', 0],
    ['STRICT', '{selector: {matchLabels: {app: other}}}', 0],
  ] as const) {
    assert.equal(hits(meshOnly, deployment('web', { port: 80 }), mesh(mode, spec)).length, count, `${mode} ${spec}`);
  }
});
