import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusResponse } from '#api/control.ts';
import { SHOP_STATUS } from '../../../test/fakes/shop-status.ts';
import { systemCheckups } from './doctor.ts';

const [first, ...others] = SHOP_STATUS.workloads as [StatusResponse['workloads'][number], ...StatusResponse['workloads']];
const [link] = SHOP_STATUS.links as [StatusResponse['links'][number]];

/** A change of a healthy status, and the checkups that are then not good. */
const ROWS: readonly (readonly [name: string, change: Partial<StatusResponse>, notGood: readonly string[]])[] = [
  ['a healthy system', {}, []],
  ['a snapshot that is not in force', { ready: false }, ['bad policy']],
  ['a refused configuration', { rejected: { version: 'x', reason: 'why', timeMs: 0 } }, ['bad configuration']],
  ['a lost worker', { workers: SHOP_STATUS.workers.map((one) => ({ ...one, connected: false })) }, ['bad proxy workers']],
  ['no worker', { workers: [] }, ['bad proxy workers']],
  ['a workload that restarts', { workloads: [{ ...first, state: 'restarting' }, ...others] }, ['bad workloads']],
  ['a workload that is only declared', { workloads: [{ ...first, state: 'declared', certificate: null }, ...others] }, []],
  [
    'a certificate that runs out',
    { workloads: [{ ...first, certificate: { serial: '1', notAfterMs: SHOP_STATUS.timeMs + 60_000 } }, ...others] },
    ['bad certificates'],
  ],
  [
    'plaintext between services',
    { links: [{ ...link, source: 'spiffe://cluster.local/ns/a/sa/b', mtls: false }] },
    ['warn links'],
  ],
  ['plaintext from the world', { links: [{ ...link, source: 'client', mtls: false }] }, []],
  ['no isolation', { isolation: 'none' }, ['warn isolation']],
  ['a closed part', { closed: [{ what: 'route a/b', why: 'no Service', at: 'x:1:1' }] }, ['warn closed']],
];

for (const [name, change, notGood] of ROWS) {
  test(`the doctor on ${name}`, () => {
    const found = systemCheckups({ ...SHOP_STATUS, ...change }).filter((one) => one.state !== 'good');
    assert.deepEqual(
      found.map((one) => `${one.state} ${one.name}`),
      notGood,
    );
    for (const one of found) assert.ok(one.help, 'what is not well comes with what to do');
  });
}
