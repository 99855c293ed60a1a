// cullis.dev/v1, the kinds that have no standard. Descriptions go into the JSON Schema that editors use.
import { z } from 'zod';
import type { Limits } from '#model/platform.ts';
import { egressPolicySchema } from './egress-schema.ts';
import { gatePolicySchema, suppressionsSchema } from './gate-schema.ts';
import { meshSchema } from './mesh-schema.ts';
import { telemetrySchema } from './telemetry.ts';
import { durationText } from './texts.ts';

const amount = (description: string) =>
  z
    .int()
    .min(1)
    .max(2 ** 40)
    .optional()
    .meta({ description });
const millis = (description: string) =>
  z
    .union([z.int().min(1).max(86_400_000), durationText(1)])
    .optional()
    .meta({ description });

const limits = z
  .strictObject({
    headerBytesMax: amount('bytes of all header fields of a message'),
    headersMax: amount('number of header fields of a message'),
    targetBytesMax: amount('bytes of the request target'),
    bodyBytesMax: amount('bytes of a request body'),
    connectionsMax: amount('connections a listener holds'),
    requestsPerConnectionMax: amount('requests on one connection'),
    streamsPerConnectionMax: amount('requests at once on one HTTP/2 connection'),
    headerTimeoutMs: millis('from the first byte to the end of the headers'),
    requestTimeoutMs: millis('whole request, body included'),
    idleTimeoutMs: millis('keep-alive without a request'),
    tlsHandshakeTimeoutMs: millis('TLS handshake'),
    connectTimeoutMs: millis('connecting to an upstream'),
    upstreamTimeoutMs: millis('from the request sent to the first byte of the answer, and between its bytes'),
    streamIdleTimeoutMs: millis('between the bytes of an answer that is made to stay open: server-sent events, gRPC'),
    upstreamConnectionsMax: amount('connections to one upstream'),
    upstreamPendingMax: amount('requests that wait for a connection to one upstream'),
    bufferBytesMax: amount('bytes held per direction before the other side is paused'),
  } satisfies Record<keyof Limits, z.ZodType>)
  .meta({ description: 'bounds of the data plane; milliseconds as a number or a duration as a text' });

export const platformSchema = z
  .strictObject({
    gatewayAddress: z
      .union([z.ipv4(), z.ipv6(), z.literal('localhost')])
      .optional()
      .meta({ description: 'address the gateways listen on here; 127.0.0.1 when absent' }),
    certificateTtl: durationText(6_000).optional().meta({ description: "life of the workloads' certificates; 24h when absent" }),
    sessionCookie: z
      .string()
      .max(128)
      .regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]*$/, { message: 'must be a cookie name (RFC 6265 section 4.1.1)' })
      .optional()
      .meta({ description: 'cookie whose keyed hash becomes the session id; none when absent' }),
    securityHeaders: z.boolean().optional().meta({
      description:
        'gateways add HSTS, nosniff, a referrer and a frame policy to answers over HTTPS that have none; true when absent',
    }),
    egress: z
      .strictObject({
        privateAddresses: z
          .array(z.union([z.cidrv4(), z.cidrv6()]))
          .max(100)
          .optional()
          .meta({ description: 'private ranges that names outside the mesh may resolve to; none when absent' }),
      })
      .optional()
      .meta({ description: 'what holds for every way out' }),
    limits: limits.optional(),
    telemetry: telemetrySchema.optional(),
    mesh: meshSchema.optional(),
  })
  .meta({ title: 'Platform', description: 'settings of this installation' });

export const workloadSchema = z
  .strictObject({
    workload: z.string().min(1).max(253).optional().meta({
      description: 'name of the Deployment, StatefulSet, … in the same namespace; the name of this document when absent',
    }),
    command: z
      .array(z.string())
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'program and arguments; `$(NAME)` stands for a variable' }),
    cwd: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .meta({ description: 'folder the program starts in, relative to this file; its own folder when absent' }),
    env: z
      .record(z.string().regex(/^[^=\0]+$/, { message: 'is not a variable name' }), z.string())
      .optional()
      .meta({ description: "variables that are added to the first container's, and win over them" }),
    address: z
      .record(
        z.string().regex(/^\d{1,5}$/, { message: 'must be a container port' }),
        z.string().regex(/^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+):\d{1,5}$/, { message: 'must be `host:port`' }),
      )
      .optional()
      .meta({ description: '`host:port` per container port of something that runs already; nothing is started then' }),
    builtin: z.enum(['postgres']).optional().meta({ description: 'a built-in program instead of a command' }),
    readiness: z
      .union([
        z.strictObject({ http: z.string().regex(/^\//, { message: 'must begin with `/`' }) }),
        z.strictObject({ tcp: z.literal(true) }),
      ])
      .optional()
      .meta({ description: '`http: /path` waits for an answer below 500, `tcp: true`, the default, for an open port' }),
    readyTimeout: durationText(1).optional().meta({ description: 'how long readiness is waited for; 30s when absent' }),
    replicas: z
      .int()
      .min(0)
      .max(32)
      .optional()
      .meta({ description: 'how many of it run here; as many as the Deployment, StatefulSet, … says when absent' }),
  })
  .meta({ title: 'Workload', description: 'how a declared workload runs on this machine' });

/** Spec schemas by kind, for validation and for the generated JSON Schema. */
export const CULLIS_SCHEMAS = {
  Platform: platformSchema,
  Workload: workloadSchema,
  EgressPolicy: egressPolicySchema,
  GatePolicy: gatePolicySchema,
  Suppressions: suppressionsSchema,
} as const;

/**
 * JSON Schema (2020-12) of a whole document of a kind, for editors.
 * @returns a plain value, the same for every call
 */
export function documentJsonSchema(kind: keyof typeof CULLIS_SCHEMAS): Readonly<Record<string, unknown>> {
  const document = z.strictObject({
    apiVersion: z.literal('cullis.dev/v1'),
    kind: z.literal(kind),
    metadata: z.looseObject({ name: z.string().min(1), namespace: z.string().optional() }),
    spec: CULLIS_SCHEMAS[kind],
  });
  const { title, description } = CULLIS_SCHEMAS[kind].meta() ?? {};
  return { title, description, ...z.toJSONSchema(document, { io: 'input', unrepresentable: 'any' }) };
}
