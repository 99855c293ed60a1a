import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveMtlsMode } from '#model/istio.ts';
import type { Fetch } from '#model/ports.ts';
import type { NodePlan } from '#plan/plan.ts';
import { fakePlan } from '../../test/fakes/control.ts';
import { meshFetch } from './mesh-fetch.ts';

function planWith(mtls: EffectiveMtlsMode, served = true): NodePlan {
  const plan = fakePlan('a', ['idp']);
  const [workload] = plan.workloads;
  const [inbound] = workload!.inbound;
  const endpoints = served ? [{ workload: 'shop/idp', address: inbound!.listen, identity: workload!.identity }] : [];
  const host = 'idp.shop.svc.cluster.local';
  return {
    ...plan,
    workloads: [{ ...workload!, inbound: [{ ...inbound!, mtls }] }],
    clusters: [{ id: 'shop/idp:80', service: 'shop/idp', host, port: 80, protocol: 'http', sni: '', endpoints }],
  };
}

async function fetched(url: string, plan: NodePlan | undefined): Promise<string> {
  const answering =
    (who: string): Fetch =>
    async (request) => ({ status: 200, headers: {}, body: Buffer.from(`${who} ${request.url}`) });
  const fetch = meshFetch(() => plan, answering('outside'), answering('loopback'));
  try {
    return Buffer.from((await fetch({ url, timeoutMs: 1, bodyBytesMax: 1 })).body).toString();
  } catch (error) {
    return (error as Error).message;
  }
}

const AT = 'loopback http://127.0.0.1:20000';
const ROWS: readonly (readonly [url: string, want: string | RegExp, mtls?: EffectiveMtlsMode])[] = [
  ['http://idp.shop.svc.cluster.local/keys?v=1', `${AT}/keys?v=1`],
  ['http://IDP.shop.svc.cluster.local.:80/keys', `${AT}/keys`],
  ['http://idp.shop/keys', `${AT}/keys`],
  ['http://idp.shop.svc/keys', `${AT}/keys`, 'DISABLE'],
  ['http://idp.shop/keys', /takes mutual TLS only: write the keys into `jwks`/, 'STRICT'],
  ['http://idp/keys', 'outside http://idp/keys'],
  ['http://idp.shop:8080/keys', 'outside http://idp.shop:8080/keys'],
  ['https://idp.shop:80/keys', /fetched from by http only/],
  ['http://keys.example.com/keys', 'outside http://keys.example.com/keys'],
  ['http://x.idp.shop.svc.cluster.local/', 'outside http://x.idp.shop.svc.cluster.local/'],
];

test('a mesh service is fetched from at its sidecar, everything else under the guard', async () => {
  for (const [url, want, mtls = 'PERMISSIVE'] of ROWS) {
    const got = await fetched(url, planWith(mtls));
    if (typeof want === 'string') assert.equal(got, want, url);
    else assert.match(got, want, url);
  }
  assert.match(await fetched('http://idp.shop/', planWith('PERMISSIVE', false)), /nothing serves here/);
  assert.equal(await fetched('http://idp.shop/', undefined), 'outside http://idp.shop/');
});
