import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SocketAddress } from '#host/handles.ts';
import type { Observed } from '#model/observed.ts';
import { mayHave } from './socket-rights.ts';

const at = (ip: string, port: number, namespaceOf?: string): SocketAddress => ({ ip, port, ...(namespaceOf && { namespaceOf }) });
const OBSERVED: Observed = {
  isolation: 'namespaces',
  gateways: { 'shop/door/http': at('127.0.0.1', 80) },
  placements: {
    'shop/web': {
      workload: 'shop/web',
      app: { 8080: at('127.0.0.1', 8080, 'shop/web') },
      inbound: { 8080: at('127.0.0.1', 18_000) },
      outbound: { 'shop/cart:80': at('10.96.1.2', 80, 'shop/web') },
    },
  },
};

const ROWS: readonly (readonly ['listen' | 'connect', SocketAddress, boolean])[] = [
  ['listen', at('10.96.1.2', 80, 'shop/web'), true],
  ['listen', at('127.0.0.1', 80), true],
  ['listen', at('127.0.0.1', 18_000), true],
  ['connect', at('127.0.0.1', 8080, 'shop/web'), true],
  ['listen', at('10.96.1.2', 80, 'shop/cart'), false],
  ['listen', at('10.96.1.2', 81, 'shop/web'), false],
  ['listen', at('10.96.1.2', 80), false],
  ['listen', at('127.0.0.1', 8080, 'shop/web'), false],
  ['listen', at('0.0.0.0', 80), false],
  ['connect', at('127.0.0.1', 80), false],
  ['connect', at('127.0.0.1', 8080), false],
  ['connect', at('127.0.0.1', 22, 'shop/web'), false],
  ['connect', at('10.96.1.2', 80, 'shop/web'), false],
];

test('a worker gets the sockets of its plan and no others', () => {
  for (const [op, address, want] of ROWS) {
    const what = `${op} ${JSON.stringify(address)}`;
    assert.equal(mayHave([OBSERVED, undefined], op, address), want, what);
    assert.equal(mayHave([undefined, OBSERVED], op, address), want, what);
    assert.equal(mayHave([undefined], op, address), false, what);
  }
});
