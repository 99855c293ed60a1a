import { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Applied } from '#control/control.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import type { NodePlan } from '#plan/plan.ts';
import { fakeSystem } from '../../test/fakes/control.ts';
import { Configuration } from './configuration.ts';
import type { ReadResult } from './manifests.ts';

const OBSERVED = { placements: {}, gateways: {}, isolation: 'none' } as const;
const MISTAKE: Diagnostic = {
  code: 'x',
  severity: 'error',
  message: 'wrong',
  location: { file: 'a.yaml', line: 3, column: 4 },
};

function good(hash: string): ReadResult {
  return { ok: true, hash, loaded: { system: fakeSystem([hash]), diagnostics: [], findings: [] }, tlsValues: new TlsValues() };
}

function bad(hash: string): ReadResult {
  return { ok: false, hash, diagnostics: [MISTAKE, MISTAKE] };
}

/** A control plane that notes what it is told, and manifests that say what comes next. */
function bench(...reads: ReadResult[]) {
  const announced: string[] = [];
  const applied: NodePlan[] = [];
  const rejected: string[] = [];
  const told: number[] = [];
  const verdicts: Applied[] = [];
  let readCount = 0;
  const configuration = new Configuration({
    manifests: {
      read: () => reads[Math.min(readCount++, reads.length - 1)]!,
    },
    clock: { nowMs: () => 0 },
    control: {
      workerThere: async () => true,
      applySystem: async (_system, _observed, plan) => {
        const verdict = verdicts.shift() ?? { ok: true };
        if (verdict.ok) applied.push(plan);
        return verdict;
      },
      applyEndpoints: async () => undefined,
      reject: async (_version, reason) => void rejected.push(reason),
      setFindings: () => undefined,
    },
    announce: (revision) => void announced.push(revision),
    rejected: (diagnostics) => void told.push(diagnostics.length),
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    configuration,
    announced,
    applied,
    rejected,
    told,
    verdicts,
    reads: () => readCount,
    turn,
    /** Answers the latest announcement. */
    async place(): Promise<string> {
      await turn();
      return await configuration.place(announced.at(-1)!, OBSERVED, true);
    },
  };
}

test('what was read is announced, and in force once it is placed', async () => {
  const b = bench(good('1'));
  const reload = b.configuration.reload();
  const version = await b.place();
  assert.deepEqual(await reload, { applied: true, version, reason: '', diagnostics: [] });
  assert.equal(b.configuration.plan?.version, version);
});

test('mistakes change nothing: no place is asked for, and the first one is the reason', async () => {
  const b = bench(good('1'), bad('2'));
  const first = b.configuration.reload();
  const version = await b.place();
  await first;
  const { diagnostics, ...second } = await b.configuration.reload();
  assert.deepEqual(second, { applied: false, version, reason: 'a.yaml:3:4: wrong (and 1 more)' });
  assert.equal(diagnostics.length, 2);
  assert.deepEqual([b.announced.length, b.told, b.rejected], [1, [2], ['a.yaml:3:4: wrong (and 1 more)']]);
  assert.equal(b.configuration.plan?.version, version);
});

test('a refusal is the answer, and the same change may be placed again', async () => {
  const b = bench(good('1'));
  b.verdicts.push({ ok: false, reason: 'port taken' });
  const reload = b.configuration.reload();
  await assert.rejects(b.place(), { code: 'config.invalid', message: 'port taken' });
  assert.deepEqual(await reload, { applied: false, version: '', reason: 'port taken', diagnostics: [] });
  assert.deepEqual(b.applied, []);
  const version = await b.place();
  assert.equal(b.configuration.plan?.version, version);
  assert.equal((await b.configuration.reload(true)).reason, '', 'it is in force now');
});

test('what cannot be had on this machine is a refusal too', async () => {
  const b = bench(good('1'));
  const reload = b.configuration.reload();
  await b.turn();
  await b.configuration.unplaceable(b.announced[0]!, 'no namespaces');
  assert.deepEqual(await reload, { applied: false, version: '', reason: 'no namespaces', diagnostics: [] });
  assert.deepEqual(b.rejected, ['no namespaces']);
});

test('only the latest change can be placed', async () => {
  const b = bench(good('1'), good('2'));
  const first = b.configuration.reload();
  await b.place();
  await first;
  const second = b.configuration.reload();
  await b.turn();
  await assert.rejects(b.configuration.place(b.announced[0]!, OBSERVED, true), /no longer the latest/);
  await b.place();
  assert.equal((await second).applied, true);
});

test('reloads that come while one runs become one, which reads anew', async () => {
  const b = bench(good('1'), good('2'));
  const running = b.configuration.reload();
  await b.turn();
  const waiting = [b.configuration.reload(), b.configuration.reload(), b.configuration.reload()];
  await b.turn();
  assert.deepEqual([b.reads(), b.announced.length], [1, 1], 'never two at once');
  await b.place();
  await running;
  const version = await b.place();
  for (const one of waiting) assert.equal((await one).version, version);
  assert.equal(b.reads(), 2);
});

test('a change of no text is no change, unless a mistake is to be forgotten', async () => {
  const b = bench(good('1'), good('1'), bad('2'), good('1'));
  const first = b.configuration.reload(true);
  await b.place();
  await first;
  assert.equal((await b.configuration.reload(true)).applied, true);
  assert.equal(b.announced.length, 1);
  await b.configuration.reload(true);
  const mended = b.configuration.reload(true);
  await b.place();
  assert.equal((await mended).applied, true);
  assert.equal(b.announced.length, 2);
});

test('policy can be left out and put back, without reading anything', async () => {
  const b = bench(good('1'));
  await assert.rejects(b.configuration.setPolicy(true), /nothing is in force/);
  const first = b.configuration.reload();
  await b.place();
  await first;
  await b.configuration.setPolicy(false);
  await b.configuration.setPolicy(true);
  assert.equal(b.reads(), 1);
  assert.equal(b.applied.length, 3);
});
