// Values that several answers of the control API share, as schemas; each is held to its type in model/.
import { z } from 'zod';
import type { Reason } from '#model/decision.ts';
import type { Event } from '#model/event.ts';
import type { LinkStats } from '#model/snapshot.ts';

const count = z.int().min(0);
const timeMs = z.number().meta({ description: 'milliseconds since 1970-01-01T00:00:00Z' });

export const location = z.object({ file: z.string(), line: count, column: count }).readonly().meta({ id: 'Location' });

export const diagnostic = z
  .object({
    code: z.string(),
    severity: z.enum(['error', 'warning', 'info']),
    message: z.string(),
    location: location.exactOptional(),
    path: z.string().exactOptional(),
    help: z.string().exactOptional(),
  })
  .readonly()
  .meta({ id: 'Diagnostic' });

export const finding = z
  .object({
    id: z.string(),
    code: z.string(),
    severity: z.enum(['critical', 'high', 'medium', 'low', 'info']),
    title: z.string(),
    message: z.string(),
    location: location.exactOptional(),
    path: z.string().exactOptional(),
    fix: z.object({ text: z.string(), yaml: z.string().exactOptional() }).readonly().exactOptional(),
    references: z.array(z.string()).readonly(),
  })
  .readonly()
  .meta({ id: 'Finding' });

export const reason = z
  .object({
    policy: z.string().meta({ description: "`namespace/name`, or '' when no policy spoke" }),
    action: z.enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM', 'PEER_AUTHENTICATION', 'REQUEST_AUTHENTICATION', 'DEFAULT']),
    rule: z.int().meta({ description: 'index into spec.rules; -1 when not about one rule' }),
    field: z.string(),
    wanted: z.array(z.string()).readonly(),
    actual: z.string(),
    at: z.string().meta({ description: '`file:line:column`' }),
    text: z.string(),
  })
  .readonly()
  .meta({ id: 'Reason' }) satisfies z.ZodType<Reason>;

export const linkStats = z
  .object({
    source: z.string().meta({ description: 'identity, or `client` for the world outside' }),
    destination: z.string().meta({ description: 'workload id that received' }),
    port: count,
    protocol: z.enum(['http', 'tcp']),
    requests: count,
    denied: count,
    failed: count,
    mtls: z.boolean(),
    tlsProtocol: z.string(),
    cipher: z.string().meta({ description: "IANA name of the cipher suite, '' over plaintext" }),
    peerSerial: z.string().meta({ description: "serial number of the peer's certificate, '' when it showed none" }),
    peerNotBeforeMs: timeMs,
    peerNotAfterMs: timeMs,
    connections: count.meta({ description: 'open now' }),
    oldestConnectionMs: timeMs.meta({ description: 'when the oldest open connection was opened; 0 when none is open' }),
    mode: z.enum(['STRICT', 'PERMISSIVE', 'DISABLE', 'edge']),
    modeAt: z.string().meta({ description: "`file:line:column` of the PeerAuthentication that decided, '' for the default" }),
    mtlsDenied: count.meta({ description: 'of `denied`: for want of mutual TLS or of a certificate that is believed' }),
    policyDenied: count.meta({
      description: 'of `denied`: by an authorization policy, a rules of a token or an external authorizer',
    }),
    latency: z
      .object({ first: count, counts: z.array(count).readonly() })
      .readonly()
      .meta({
        description:
          'durations in buckets that grow by 2^(1/4); the upper bound of bucket i is 2^((i - 56) / 4) seconds, `counts` begins with bucket `first`',
      }),
    latencySumMs: z.number(),
    p50Ms: z.number(),
    p90Ms: z.number(),
    p99Ms: z.number(),
    lastMs: timeMs,
  })
  .readonly()
  .meta({ id: 'LinkStats' }) satisfies z.ZodType<LinkStats>;

const base = { id: z.string(), timeMs, node: z.string() };

/** An event as the journal holds it. Members that this version does not know stay: a reader may be older than the writer. */
export const event = z
  .discriminatedUnion('type', [
    z.looseObject({
      ...base,
      type: z.literal('exchange'),
      role: z.enum(['gateway', 'sidecar-in', 'sidecar-out']),
      protocol: z.enum(['http', 'tcp']),
      workload: z.string(),
      source: z.string(),
      sourceIp: z.string(),
      destination: z.string(),
      destinationPort: count,
      method: z.string(),
      host: z.string(),
      path: z.string(),
      status: count,
      grpcStatus: count.exactOptional(),
      allowed: z.boolean(),
      code: z.string().exactOptional(),
      reasons: z.array(reason).readonly().exactOptional(),
      shadow: z.array(reason).readonly().exactOptional(),
      mtls: z.boolean(),
      tlsProtocol: z.string(),
      requestId: z.string(),
      traceId: z.string(),
      sessionId: z.string(),
      durationMs: z.number(),
      bytesIn: z.number(),
      bytesOut: z.number(),
      upstreamMs: z.number(),
      span: z.looseObject({ id: z.string(), parentId: z.string(), sampled: z.boolean() }).readonly().exactOptional(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('certificate'),
      action: z.enum(['issued', 'renewed', 'refused', 'ca-created', 'ca-rotation', 'revoked', 'restored', 'expired']),
      identity: z.string(),
      serial: z.string(),
      notAfterMs: timeMs,
      detail: z.string(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('link'),
      action: z.enum(['seen', 'changed', 'summary']),
      source: z.string(),
      destination: z.string(),
      port: count,
      protocol: z.enum(['http', 'tcp', '']),
      mtls: z.boolean(),
      tlsProtocol: z.string(),
      cipher: z.string(),
      peerSerial: z.string(),
      certificateAgeMs: z.number(),
      certificateLeftMs: z.number(),
      connectionAgeMs: z.number(),
      connections: count,
      at: z.string(),
      detail: z.string(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('config'),
      action: z.enum(['applied', 'rejected', 'expired']),
      version: z.string(),
      detail: z.string(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('process'),
      action: z.enum(['started', 'ready', 'exited', 'restarted', 'gave-up']),
      name: z.string(),
      pid: z.int(),
      detail: z.string(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('audit'),
      operator: z.string(),
      role: z.string(),
      action: z.string(),
      target: z.string(),
      allowed: z.boolean(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('egress'),
      action: z.enum(['refused', 'raised']),
      what: z.enum(['content', 'tunnelling', 'address']),
      workload: z.string(),
      host: z.string(),
      port: count,
      policy: z.string(),
      at: z.string(),
      rule: z.string(),
      place: z.string(),
      count,
      text: z.string(),
    }),
    z.looseObject({
      ...base,
      type: z.literal('name'),
      workload: z.string(),
      name: z.string(),
      record: z.string(),
      answer: z.enum(['mesh', 'outside', 'unknown', 'search', 'limited']),
      count,
    }),
    z.looseObject({
      ...base,
      type: z.literal('endpoint'),
      action: z.enum(['added', 'removed', 'ejected', 'restored', 'drifted', 'settled']),
      destination: z.string(),
      workload: z.string(),
      address: z.string(),
      detail: z.string(),
    }),
    z.looseObject({ ...base, type: z.literal('gap'), lost: count, detail: z.string() }),
  ])
  .meta({ id: 'Event' });

/** A new event type in the model without a row above does not compile. */
export type EventTypesCovered = Event['type'] extends z.output<typeof event>['type'] ? true : never;
export const eventTypesCovered: EventTypesCovered = true;
