import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { MtlsMode, PeerAuthentication } from '#model/istio.ts';
import { setOrigin } from '#model/origin.ts';
import { effectiveMtls } from './peer-authentication.ts';

const CART = { namespace: 'shop', labels: { app: 'cart' } };

interface Draft {
  readonly name?: string;
  readonly created?: string;
  readonly app?: string;
  readonly mode?: MtlsMode;
  readonly ports?: Readonly<Record<string, MtlsMode>>;
}

function peer(namespace: string, { name = 'default', created, app, mode, ports }: Draft): PeerAuthentication {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name, namespace, labels: {}, annotations: {}, ...(created && { creationTimestamp: created }) },
    spec: {
      ...(app !== undefined && { selector: { matchLabels: app === '' ? {} : { app } } }),
      ...(mode && { mtls: { mode } }),
      ...(ports && { portLevelMtls: Object.fromEntries(Object.entries(ports).map(([port, one]) => [port, { mode: one }])) }),
    },
    body: {},
  };
}

function modeOf(policies: readonly PeerAuthentication[], port = 8080, workload = CART): string {
  return effectiveMtls({ mesh: DEFAULT_MESH, peerAuthentications: policies }, workload, port).mode;
}

test('the most specific PeerAuthentication decides, and UNSET inherits', () => {
  const strictMesh = peer('istio-system', { mode: 'STRICT' });
  const rows: readonly (readonly [readonly PeerAuthentication[], string])[] = [
    [[], 'PERMISSIVE'],
    [[strictMesh], 'STRICT'],
    [[strictMesh, peer('shop', { mode: 'DISABLE' })], 'DISABLE'],
    [[strictMesh, peer('shop', { mode: 'UNSET' })], 'STRICT'],
    [[strictMesh, peer('shop', {})], 'STRICT'],
    [[strictMesh, peer('other', { mode: 'DISABLE' })], 'STRICT'],
    [[strictMesh, peer('shop', { mode: 'PERMISSIVE' }), peer('shop', { app: 'cart', mode: 'UNSET' })], 'PERMISSIVE'],
    [[strictMesh, peer('shop', { app: 'cart', mode: 'DISABLE' })], 'DISABLE'],
    [[strictMesh, peer('shop', { app: 'web', mode: 'DISABLE' })], 'STRICT'],
    // A selector in the root namespace is not mesh-wide, and reaches nothing elsewhere.
    [[peer('istio-system', { app: 'cart', mode: 'STRICT' })], 'PERMISSIVE'],
    [[peer('istio-system', { app: '', mode: 'STRICT' })], 'STRICT'],
    [[peer('shop', { app: '', mode: 'STRICT' })], 'STRICT'],
    [[peer('shop', { app: 'cart', mode: 'STRICT', ports: { 8080: 'DISABLE' } })], 'DISABLE'],
    [[peer('shop', { app: 'cart', mode: 'STRICT', ports: { 9090: 'DISABLE' } })], 'STRICT'],
    [[peer('shop', { app: 'cart', mode: 'STRICT', ports: { 8080: 'UNSET' } })], 'STRICT'],
    [[strictMesh, peer('shop', { app: 'cart', ports: { 8080: 'UNSET', 9090: 'PERMISSIVE' } })], 'STRICT'],
    // Port levels need a selector.
    [[peer('shop', { mode: 'STRICT', ports: { 8080: 'DISABLE' } })], 'STRICT'],
    [[peer('shop', { app: 'web', mode: 'STRICT', ports: { 8080: 'DISABLE' } })], 'PERMISSIVE'],
  ];
  for (const [policies, want] of rows)
    assert.equal(modeOf(policies), want, JSON.stringify(policies.map(({ metadata, spec }) => [metadata.namespace, spec])));
});

test('in one scope the oldest wins whole, then the first name', () => {
  const [old, young] = ['2020-01-01T00:00:00Z', '2024-06-01T00:00:00+02:00'];
  const a = peer('shop', { name: 'a', created: young, mode: 'STRICT' });
  const b = peer('shop', { name: 'b', created: old, mode: 'DISABLE' });
  for (const both of [
    [a, b],
    [b, a],
  ])
    assert.equal(modeOf(both), 'DISABLE');
  const unset = peer('shop', { name: 'c', created: old, app: 'cart' });
  const strict = peer('shop', { name: 'd', created: young, app: 'cart', mode: 'STRICT', ports: { 8080: 'STRICT' } });
  for (const both of [
    [unset, strict],
    [strict, unset],
  ])
    assert.equal(modeOf(both), 'PERMISSIVE');
  const same = [peer('shop', { name: 'z', mode: 'STRICT' }), peer('shop', { name: 'y', mode: 'DISABLE' })];
  for (const both of [same, same.toReversed()]) assert.equal(modeOf(both), 'DISABLE');
  const untimed = peer('shop', { name: 'z', mode: 'STRICT' });
  for (const both of [
    [untimed, b],
    [b, untimed],
  ])
    assert.equal(modeOf(both), 'STRICT');
});

test('the answer names the line that decided', () => {
  const mesh = peer('istio-system', { mode: 'STRICT' });
  const own = peer('shop', { app: 'cart', ports: { 8080: 'PERMISSIVE' } });
  for (const [policy, file] of [
    [mesh, 'mesh.yaml'],
    [own, 'cart.yaml'],
  ] as const)
    setOrigin(policy, { locate: (path) => ({ file, line: path.length, column: 1 }) });
  const system = { mesh: DEFAULT_MESH, peerAuthentications: [mesh, own] };
  assert.deepEqual(effectiveMtls(system, CART, 8080), { mode: 'PERMISSIVE', at: 'cart.yaml:4:1' });
  assert.deepEqual(effectiveMtls(system, CART, 9090), { mode: 'STRICT', at: 'mesh.yaml:3:1' });
  assert.deepEqual(effectiveMtls({ mesh: DEFAULT_MESH, peerAuthentications: [] }, CART, 80), { mode: 'PERMISSIVE', at: '' });
});

test('a workload in the root namespace follows the mesh', () => {
  const workload = { namespace: 'istio-system', labels: { app: 'cart' } };
  assert.equal(
    modeOf(
      [peer('istio-system', { mode: 'STRICT' }), peer('istio-system', { name: 'own', app: 'cart', mode: 'DISABLE' })],
      80,
      workload,
    ),
    'STRICT',
  );
});
