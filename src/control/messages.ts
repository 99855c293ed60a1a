// What a worker may say, parsed once at the border: a worker handles hostile bytes, so nothing it sends is believed by its shape.
import { z } from 'zod';
import { LATENCY_BUCKETS } from '#model/latency.ts';
import type { FromWorker } from '#model/snapshot.ts';

const text = (charsMax: number) => z.string().max(charsMax);
const count = z.number().min(0);

const link = z.strictObject({
  source: text(2048),
  destination: text(512),
  port: z.int().min(0).max(65_535),
  protocol: z.enum(['http', 'tcp']),
  requests: count,
  denied: count,
  failed: count,
  mtls: z.boolean(),
  tlsProtocol: text(32),
  cipher: text(64),
  peerSerial: text(64),
  peerNotBeforeMs: count,
  peerNotAfterMs: count,
  connections: count,
  oldestConnectionMs: count,
  mode: z.enum(['STRICT', 'PERMISSIVE', 'DISABLE', 'edge']),
  modeAt: text(1024),
  mtlsDenied: count,
  policyDenied: count,
  latency: z.strictObject({ first: z.int().min(0).max(LATENCY_BUCKETS), counts: z.array(count).max(LATENCY_BUCKETS) }),
  latencySumMs: count,
  p50Ms: count,
  p90Ms: count,
  p99Ms: count,
  lastMs: count,
});

const message = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), token: text(256), name: text(64), pid: z.int().min(1) }),
  z.strictObject({ type: z.literal('ack'), version: text(128), trustVersion: z.int().min(0) }),
  z.strictObject({ type: z.literal('trust-ack'), trustVersion: z.int().min(0) }),
  z.strictObject({ type: z.literal('trust-nack'), trustVersion: z.int().min(0), reason: text(4096) }),
  z.strictObject({ type: z.literal('nack'), version: text(128), reason: text(4096) }),
  z.strictObject({ type: z.literal('csr'), identity: text(2048), csrPem: text(16_384) }),
  z.strictObject({
    type: z.literal('report'),
    report: z.strictObject({
      name: text(64),
      pid: z.int().min(1),
      rssBytes: count,
      snapshotVersion: text(128),
      certificates: z.array(z.strictObject({ identity: text(2048), serial: text(64), notAfterMs: z.number() })).max(10_000),
      links: z.array(link).max(10_000),
      metrics: text(4 * 1024 * 1024),
    }),
  }),
]) satisfies z.ZodType<FromWorker>;

/** One line of a worker, or undefined when it is none of its messages. */
export function parseFromWorker(line: string): FromWorker | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = message.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
