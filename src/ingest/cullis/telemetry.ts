// Platform `telemetry`: where traces, metrics and logs are sent, and how many traces.
import { posix } from 'node:path';
import { z } from 'zod';
import { parseDurationMs } from '#base/duration.ts';
import { DEFAULT_TELEMETRY, OTLP_DEFAULTS, OTLP_PROTOCOLS, OTLP_SIGNALS } from '#model/telemetry.ts';
import type { HeaderValue, OtlpSpec, PlatformTelemetry } from '#model/telemetry.ts';
import type { Scope } from '../scope.ts';
import { durationText } from './texts.ts';

const HEADERS_MAX = 32;
/** What is named so is a secret, and has no place in a manifest. */
const SECRET_NAME = /authorization|token|secret|password|cookie|api[-_]?key|access[-_]?key|^x-honeycomb-team$|^dd-api/i;

const headerValue = z.union([
  z.strictObject({
    value: z
      .string()
      .max(4096)
      .regex(/^[\t\x20-\x7e]*$/, { message: 'must be printable ASCII' }),
  }),
  z.strictObject({
    env: z.string().regex(/^(?:OTEL|CULLIS)_[A-Z0-9_]{1,100}$/, {
      message: 'must be a variable whose name begins with `OTEL_` or `CULLIS_`: no other is passed on',
    }),
  }),
  z.strictObject({ file: z.string().min(1).max(4096) }),
]);

const otlp = z.strictObject({
  endpoint: z
    .string()
    .max(2048)
    .refine((text) => isEndpoint(text), { message: 'must be an `http://` or `https://` URL without user, query and fragment' })
    .meta({ description: 'collector that speaks OTLP over HTTP; `/v1/traces`, `/v1/metrics`, `/v1/logs` are added' }),
  protocol: z.enum(OTLP_PROTOCOLS).optional().meta({ description: '`http/json` when absent' }),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,128}$/, { message: 'is not a header name' }), headerValue)
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, { message: `must be at most ${HEADERS_MAX} headers` })
    .optional()
    .meta({ description: 'each from `value`, or for secrets from `env` or `file` (relative to this document)' }),
  caFile: z.string().min(1).max(4096).optional().meta({ description: 'PEM of roots that may vouch for the collector' }),
  compression: z.enum(['gzip', 'none']).optional().meta({ description: '`gzip` when absent' }),
  interval: durationText(1_000).optional().meta({ description: 'between two exports of metrics; 15s when absent' }),
  timeout: durationText(100).optional().meta({ description: 'of one request to the collector; 10s when absent' }),
  signals: z.array(z.enum(OTLP_SIGNALS)).min(1).optional().meta({ description: 'all three when absent' }),
});

export const telemetrySchema = z
  .strictObject({
    otlp: otlp.optional(),
    sampling: z.number().min(0).max(100).optional().meta({
      description: 'share of traces that begin here, percent; 1 when absent, and at least one a second for each listener',
    }),
    accessLog: z.enum(['all', 'denied']).optional().meta({
      description: 'requests that are sent as log records; `denied`, with failures, when absent',
    }),
  })
  .meta({ description: 'where traces, metrics and logs are sent' });

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** @returns the typed form; file names become relative to the working folder */
export function telemetryPart(spec: z.output<typeof telemetrySchema>, scope: Scope): PlatformTelemetry {
  return {
    ...DEFAULT_TELEMETRY,
    ...(spec.accessLog !== undefined && { accessLog: spec.accessLog }),
    ...(spec.sampling !== undefined && { sampling: spec.sampling }),
    ...(spec.otlp !== undefined && { otlp: scope.at('otlp', () => otlpPart(spec.otlp!, scope)) }),
  };
}

function otlpPart(spec: z.output<typeof otlp>, scope: Scope): OtlpSpec {
  const headers = Object.entries(spec.headers ?? {}).map(([name, value]): [string, HeaderValue] => {
    if ('value' in value && SECRET_NAME.test(name))
      scope.at('headers', () =>
        scope.at(name, () =>
          scope.error(
            'secret',
            `the header \`${name}\` carries a secret, which has no place in a manifest`,
            'use `env` or `file`',
          ),
        ),
      );
    return [name.toLowerCase(), 'file' in value ? { file: beside(value.file, scope) } : value];
  });
  return {
    endpoint: spec.endpoint.replace(/\/+$/, ''),
    protocol: spec.protocol ?? OTLP_DEFAULTS.protocol,
    headers: Object.fromEntries(headers),
    caFile: spec.caFile === undefined ? '' : beside(spec.caFile, scope),
    compression: spec.compression ?? OTLP_DEFAULTS.compression,
    intervalMs: spec.interval === undefined ? OTLP_DEFAULTS.intervalMs : parseDurationMs(spec.interval)!,
    timeoutMs: spec.timeout === undefined ? OTLP_DEFAULTS.timeoutMs : parseDurationMs(spec.timeout)!,
    signals: spec.signals ?? OTLP_DEFAULTS.signals,
  };
}

/** A file named in a document lies beside it. */
function beside(file: string, scope: Scope): string {
  return posix.isAbsolute(file) ? file : posix.join(posix.dirname(scope.file ?? '.'), file);
}
