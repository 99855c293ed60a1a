import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOP_STATUS } from '../../../test/fakes/shop-status.ts';
import { renderAuthority } from './ca.ts';
import { encryptionTable, renderStatus } from './status.ts';

const plain = (_tone: string, text: string): string => text;
const [link] = SHOP_STATUS.links as [(typeof SHOP_STATUS.links)[number]];
const DOMAIN = 'spiffe://cluster.local/ns/shop/sa';

test('plaintext links come first and say what lets them be', () => {
  const rows = [
    {
      ...link,
      source: `${DOMAIN}/a`,
      destination: 'shop/b',
      mtls: true,
      tlsProtocol: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      peerSerial: '4a0b1c2d3e4f',
    },
    { ...link, destination: 'shop/c', mode: 'PERMISSIVE' as const, modeAt: 'peer.yaml:9:5' },
    { ...link, destination: 'shop/d', mode: 'PERMISSIVE' as const, modeAt: '' },
    { ...link, destination: 'shop/e', mode: 'DISABLE' as const, modeAt: 'peer.yaml:12:9' },
    {
      ...link,
      destination: 'shop/f',
      mode: 'edge' as const,
      tlsProtocol: 'TLSv1.2',
      cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      peerSerial: '',
      peerNotAfterMs: 0,
      peerNotBeforeMs: 0,
    },
  ];
  const lines = encryptionTable({ links: rows, timeMs: SHOP_STATUS.timeMs }, plain);
  const want = [
    /^ {2}client -> shop\/c:\d+ +plaintext +PERMISSIVE: PeerAuthentication at peer\.yaml:9:5/,
    /^ {2}client -> shop\/d:\d+ +plaintext +PERMISSIVE: no PeerAuthentication says otherwise/,
    /^ {2}client -> shop\/e:\d+ +plaintext +DISABLE: PeerAuthentication at peer\.yaml:12:9/,
    /^ {2}link +TLS +cipher/,
    /^ {2}client -> shop\/f:\d+ +1\.2 +ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 +none +- +-/,
    /^ {2}shop\/a -> shop\/b:\d+ +1\.3 +AES_128_GCM_SHA256 +4a0b1c2d/,
  ];
  assert.equal(lines.length, want.length);
  for (const [i, line] of lines.entries()) assert.match(line, want[i]!);
});

test('a rotation and what is revoked stand in status and in `cullis ca show`', () => {
  const rotation = {
    phase: 'renew' as const,
    startedMs: SHOP_STATUS.timeMs - 9000,
    sinceMs: SHOP_STATUS.timeMs - 2000,
    by: 'ann',
    oldRootFingerprint: 'a'.repeat(64),
    newRootFingerprint: 'b'.repeat(64),
    waiting: [{ worker: 'proxy/2', why: 'is not connected' }],
  };
  const revoked = [
    {
      kind: 'identity' as const,
      subject: `${DOMAIN}/cart`,
      reason: 'leaked \u001b[2J',
      by: 'ann',
      revokedMs: SHOP_STATUS.timeMs - 5000,
      untilMs: null,
    },
  ];
  const status = { ...SHOP_STATUS, rotation, revoked };
  for (const text of [renderStatus(status, plain).join('\n'), renderAuthority(status, plain).join('\n')]) {
    assert.match(text, /phase 2 of 3: the new CA signs, every certificate is replaced for 2\.0 s, begun by ann/);
    assert.match(text, /waits for proxy\/2: is not connected/);
  }
  const text = renderStatus(status, plain).join('\n');
  assert.match(text, /shop\/cart +identity +5\.0 s ago by ann +until restored +leaked /);
  assert.ok(!text.includes('\u001b'));
});
