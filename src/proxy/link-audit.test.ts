import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics } from '#telemetry/metrics.ts';
import type { LinkEvent } from '#model/event.ts';
import { LinkAudit } from './link-audit.ts';
import { Links } from './links.ts';
import type { Runtime } from './runtime.ts';

const FRONT = 'spiffe://cluster.local/ns/shop/sa/front';
const TLS = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  sni: '',
  peerIdentity: FRONT,
  peerSerial: '4a',
  peerNotBeforeMs: 1000,
  peerNotAfterMs: 90_000,
};

function bench() {
  const events: LinkEvent[] = [];
  const time = { ms: 10_000 };
  const links = new Links();
  const metrics = new Metrics();
  const runtime = {
    links,
    clock: { nowMs: () => time.ms, monotonicMs: () => time.ms },
    emit: { emit: (event: LinkEvent) => void events.push(event) },
    metrics,
    nextEventId: () => 'id',
    node: 'proxy/1',
  } as unknown as Runtime;
  return { events, time, links, metrics, audit: new LinkAudit(runtime) };
}

test('a link is told of when it is first seen, when its protection changes, and not when a certificate was merely renewed', () => {
  const { events, time, links, audit } = bench();
  const link = links.of(FRONT, 'shop/cart', 7070, 'http');
  const strict = { mtls: 'STRICT', mtlsAt: 'peer.yaml:4:5' } as const;
  link.opened(TLS, strict, time.ms);
  audit.look();
  audit.look();
  assert.deepEqual(
    events.map(({ action, source, destination, mtls, tlsProtocol, cipher, at }) => [
      action,
      source,
      destination,
      mtls,
      tlsProtocol,
      cipher,
      at,
    ]),
    [['seen', FRONT, 'shop/cart', true, 'TLSv1.3', 'TLS_AES_128_GCM_SHA256', 'peer.yaml:4:5']],
  );
  assert.deepEqual([events[0]!.certificateAgeMs, events[0]!.certificateLeftMs, events[0]!.connections], [9000, 80_000, 1]);
  link.opened({ ...TLS, peerSerial: '4b' }, strict, time.ms);
  audit.look();
  assert.equal(events.length, 1);
  link.opened({ ...TLS, cipher: 'TLS_CHACHA20_POLY1305_SHA256' }, strict, time.ms);
  audit.look();
  link.opened(undefined, { mtls: 'PERMISSIVE', mtlsAt: 'peer.yaml:9:5' }, time.ms);
  audit.look();
  assert.deepEqual(
    events.slice(1).map(({ action, detail }) => `${action}: ${detail}`),
    [
      'changed: mutual TLSv1.3 with TLS_CHACHA20_POLY1305_SHA256; before: mutual TLSv1.3 with TLS_AES_128_GCM_SHA256',
      'changed: plaintext, since the port is PERMISSIVE; before: mutual TLSv1.3 with TLS_CHACHA20_POLY1305_SHA256',
    ],
  );
});

test('a summary of open links comes from time to time, and ages are those of open connections', () => {
  const { events, time, links, metrics, audit } = bench();
  const mode = { mtls: 'STRICT', mtlsAt: '' } as const;
  const first = links.of(FRONT, 'shop/cart', 7070, 'http').opened(TLS, mode, 10_000);
  links.of('client', 'shop/edge', 80, 'http').opened(undefined, { mtls: 'DISABLE', mtlsAt: '' }, 20_000);
  time.ms = 30_000;
  links.of(FRONT, 'shop/cart', 7070, 'http').opened(TLS, mode, time.ms);
  assert.equal(links.of(FRONT, 'shop/cart', 7070, 'http').stats().oldestConnectionMs, 10_000);
  first();
  assert.deepEqual(
    [links.of(FRONT, 'shop/cart', 7070, 'http').connections, links.of(FRONT, 'shop/cart', 7070, 'http').oldestConnectionMs],
    [1, 30_000],
  );
  time.ms = 320_000;
  audit.look();
  const [summary] = events.filter(({ action }) => action === 'summary');
  assert.equal(summary?.mtls, false);
  assert.equal(summary?.connections, 2);
  assert.match(
    summary?.detail ?? '',
    /^2 open links: 1 mutual TLSv1\.3, 1 plaintext; oldest connection 5 min 0 s, oldest certificate 5 min 19 s$/,
  );
  audit.look();
  assert.equal(events.filter(({ action }) => action === 'summary').length, 1);
  assert.match(metrics.render(), /^cullis_links_open\{protection="plaintext"\} 1$/m);
});
