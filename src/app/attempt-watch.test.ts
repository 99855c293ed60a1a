import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Attempt } from '#host/init-watch.ts';
import { AttemptWatch } from './attempt-watch.ts';

const at = (ip: string, port = 443, protocol = 'tcp', count = 1): Attempt => ({ protocol, ip, port, count });

function watching() {
  let nowMs = 0;
  const watch = new AttemptWatch({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  const take = (attempts: readonly Attempt[], more = 0): string[] =>
    watch.take('shop/cart', attempts, more).map((event) => {
      assert.ok(
        event.type === 'egress' && event.what === 'address' && event.action === 'refused' && event.workload === 'shop/cart',
      );
      return `${event.rule} ${event.host} ${event.port} ${event.place} ${event.count}`;
    });
  return { take, pass: (ms: number) => void (nowMs += ms) };
}

it('names what was tried by what it would have been', () => {
  const rows: readonly (readonly [Attempt, string])[] = [
    [at('169.254.169.254', 80), 'metadata-address 169.254.169.254 80 tcp 1'],
    [at('fd00:ec2::254', 80), 'metadata-address fd00:ec2::254 80 tcp 1'],
    [at('168.63.129.16', 53, 'udp'), 'metadata-address 168.63.129.16 53 udp 1'],
    [at('10.244.9.9', 8080), 'workload-address 10.244.9.9 8080 tcp 1'],
    [at('10.96.9.9', 8080), 'service-address 10.96.9.9 8080 tcp 1'],
    [at('10.111.9.9', 8080), 'service-address 10.111.9.9 8080 tcp 1'],
    [at('10.112.9.9', 8080), 'no-way 10.112.9.9 8080 tcp 1'],
    [at('224.0.0.251', 5353, 'udp'), 'many-at-once 224.0.0.251 5353 udp 1'],
    [at('ff02::fb', 5353, 'udp'), 'many-at-once ff02::fb 5353 udp 1'],
    [at('1.1.1.1', 0, 'ip/47'), 'no-way 1.1.1.1 0 ip/47 1'],
  ];
  const { take } = watching();
  for (const [attempt, want] of rows) assert.deepEqual(take([attempt]), [want]);
});

it('tells a destination once, and after a minute what has come since', () => {
  const { take, pass } = watching();
  assert.deepEqual(take([at('1.1.1.1')]), ['no-way 1.1.1.1 443 tcp 1']);
  for (let i = 0; i < 100; i++) assert.deepEqual(take([at('1.1.1.1', 443, 'tcp', 3)]), []);
  pass(60_001);
  assert.deepEqual(take([at('8.8.8.8')]), ['no-way 1.1.1.1 443 tcp 300', 'no-way 8.8.8.8 443 tcp 1']);
});

it('makes one number of a scan', () => {
  const { take, pass } = watching();
  const scan = Array.from({ length: 1000 }, (_, i) => at(`1.1.${i >> 8}.${i & 255}`));
  const told = take(scan);
  assert.equal(told.length, 51);
  assert.equal(told.at(-1), 'no-way  0  1');
  assert.deepEqual(take(scan.slice(500), 7), []);
  assert.deepEqual(take([at('169.254.169.254', 80)]), ['metadata-address 169.254.169.254 80 tcp 1'], 'a scan hides nothing');
  const ports = Array.from({ length: 100 }, (_, i) => at('169.254.169.254', 1000 + i));
  assert.equal(take(ports).length, 19);
  pass(60_001);
  assert.deepEqual(take([]), ['no-way  0  1538']);
  assert.deepEqual(take([], 5), ['no-way  0  5'], 'a flood that could not be told apart');
});
