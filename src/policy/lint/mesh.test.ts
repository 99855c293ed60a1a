import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemOf, workload } from '../../../test/fakes/shop-system.ts';
import { lintPolicies } from '../lint.ts';
import { meshUse } from './mesh.ts';

const PLAIN = [workload('web', { env: { CART: 'cart:80' } }), workload('cart')].join('---\n');
const namespace = (metadata: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, ${metadata} }\n`;
const object = (apiVersion: string, kind: string, spec: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, namespace: shop }\nspec: ${spec}\n`;

const ROWS: readonly (readonly [string, readonly string[], ReturnType<typeof meshUse>, readonly string[]])[] = [
  ['no sign of a mesh', [], 'none', ['low mtls.no-mesh']],
  ['injection switched off', [namespace('labels: { istio-injection: disabled }')], 'none', ['low mtls.no-mesh']],
  [
    'an injected namespace',
    [namespace('labels: { istio-injection: enabled }')],
    'marked',
    ['high policy.no-allow', 'medium mtls.permissive'],
  ],
  [
    'an ambient namespace',
    [namespace('labels: { istio.io/dataplane-mode: ambient }')],
    'marked',
    ['high policy.no-allow', 'medium mtls.permissive'],
  ],
  [
    'routing of a mesh alone',
    [object('networking.istio.io/v1', 'DestinationRule', '{ host: cart }')],
    'declared',
    ['medium policy.no-allow', 'medium mtls.permissive'],
  ],
  ['Linkerd, which encrypts by itself', [namespace('annotations: { linkerd.io/inject: enabled }')], 'other', []],
];

test('what policies of a mesh miss is told only where a mesh would read them', () => {
  for (const [name, texts, use, want] of ROWS) {
    const system = systemOf(PLAIN, ...texts);
    assert.equal(meshUse(system), use, name);
    const found = lintPolicies(system).map(({ severity, code }) => `${severity} ${code}`);
    assert.deepEqual(found.toSorted(), [...want].toSorted(), name);
  }
});

test('a system without a mesh gets one remark, and one workload alone none', () => {
  const [finding, ...more] = lintPolicies(systemOf(PLAIN, workload('mail', { namespace: 'office' })));
  assert.deepEqual(more, []);
  assert.match(finding?.title ?? '', /the 3 workloads/);
  assert.deepEqual(lintPolicies(systemOf(workload('cart'))), []);
});
