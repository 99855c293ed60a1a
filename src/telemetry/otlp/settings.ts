// Where to send, from the Platform and from the environment variables that every OpenTelemetry program knows
// (opentelemetry-specification, protocol/exporter.md and configuration/sdk-environment-variables.md). The Platform's word counts more.
import { OTLP_DEFAULTS, OTLP_PROTOCOLS, OTLP_SIGNALS } from '#model/telemetry.ts';
import type { HeaderValue, OtlpProtocol, OtlpSignal, OtlpSpec, PlatformTelemetry } from '#model/telemetry.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** Names that are passed on to the process that exports. */
export const ENV_NAME = /^(?:OTEL|CULLIS)_[A-Z0-9_]{1,100}$/;

export interface FromEnv {
  /** What to add to a Platform that names no collector. */
  readonly telemetry: Partial<PlatformTelemetry>;
  /** What could not be honoured, for people; never a value. */
  readonly remarks: readonly string[];
}

/**
 * What the environment says about a collector.
 * @example telemetryFromEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }).telemetry.otlp?.endpoint
 */
export function telemetryFromEnv(env: Env): FromEnv {
  const remarks: string[] = [];
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '';
  if (endpoint === '' || env['OTEL_SDK_DISABLED'] === 'true') return { telemetry: {}, remarks };
  const url = URL.parse(endpoint);
  if (!url || !/^https?:$/.test(url.protocol))
    return { telemetry: {}, remarks: ['`OTEL_EXPORTER_OTLP_ENDPOINT` is no http URL'] };
  const signals = OTLP_SIGNALS.filter((signal) => env[`OTEL_${signal.toUpperCase()}_EXPORTER`] !== 'none');
  const otlp: OtlpSpec = {
    ...OTLP_DEFAULTS,
    endpoint: endpoint.replace(/\/+$/, ''),
    protocol: protocolOf(env['OTEL_EXPORTER_OTLP_PROTOCOL'], remarks),
    headers: headerRefs(env['OTEL_EXPORTER_OTLP_HEADERS'], remarks),
    caFile: env['OTEL_EXPORTER_OTLP_CERTIFICATE'] ?? '',
    compression: env['OTEL_EXPORTER_OTLP_COMPRESSION'] === 'none' ? 'none' : OTLP_DEFAULTS.compression,
    intervalMs: millis('OTEL_METRIC_EXPORT_INTERVAL', env, 1000, OTLP_DEFAULTS.intervalMs, remarks),
    timeoutMs: millis('OTEL_EXPORTER_OTLP_TIMEOUT', env, 100, OTLP_DEFAULTS.timeoutMs, remarks),
    signals,
  };
  if (signals.length === 0) return { telemetry: {}, remarks };
  const sampling = samplingOf(env, remarks);
  return { telemetry: { otlp, ...(sampling !== undefined && { sampling }) }, remarks };
}

function protocolOf(text: string | undefined, remarks: string[]): OtlpProtocol {
  if (text === undefined || text === '') return OTLP_DEFAULTS.protocol;
  const known = OTLP_PROTOCOLS.find((protocol) => protocol === text);
  if (known) return known;
  remarks.push('`OTEL_EXPORTER_OTLP_PROTOCOL` asks for what is not spoken here; `http/protobuf` is used');
  return 'http/protobuf';
}

/** The values stay in the environment: what is made here is stored and shown. */
function headerRefs(text: string | undefined, remarks: string[]): Record<string, HeaderValue> {
  const names = Object.keys(parseHeaders(text ?? ''));
  if (text !== undefined && text.trim() !== '' && names.length === 0)
    remarks.push('`OTEL_EXPORTER_OTLP_HEADERS` names no header');
  return Object.fromEntries(names.map((name) => [name, { env: 'OTEL_EXPORTER_OTLP_HEADERS' }]));
}

/** `name=value,name=value` with values percent-encoded, as baggage is (W3C Baggage). Names in lower case. */
export function parseHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = { __proto__: null } as unknown as Record<string, string>;
  for (const pair of text.split(',')) {
    const [, name, value] = /^\s*([A-Za-z0-9!#$%&'*+\-.^_`|~]{1,128})\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) continue;
    headers[name.toLowerCase()] = decoded(value);
  }
  return headers;
}

/** `OTEL_RESOURCE_ATTRIBUTES`. */
export function resourceAttributes(env: Env): Record<string, string> {
  const pairs = (env['OTEL_RESOURCE_ATTRIBUTES'] ?? '').split(',').flatMap((pair) => {
    const [, name, value] = /^\s*([^=\s]{1,256})\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    return name === undefined || value === undefined ? [] : [[name, decoded(value)] as const];
  });
  return Object.fromEntries(pairs.slice(0, 64));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Value of a header, by where it comes from. @param readFile gives a file's text @throws Error when it cannot be had; the message holds no value */
export function headerValue(name: string, from: HeaderValue, env: Env, readFile: (path: string) => string): string {
  if ('value' in from) return from.value;
  let value: string | undefined;
  if ('file' in from) value = readFile(from.file).trim();
  else if (from.env === 'OTEL_EXPORTER_OTLP_HEADERS') value = parseHeaders(env[from.env] ?? '')[name];
  else value = env[from.env];
  if (value === undefined || value === '')
    throw new Error(
      `header \`${name}\` has no value: ${'file' in from ? `\`${from.file}\` is empty` : `\`${from.env}\` is not set`}`,
    );
  if (!/^[\t\x20-\x7e]*$/.test(value)) throw new Error(`the value of header \`${name}\` has characters that no header has`);
  return value;
}

function millis(name: string, env: Env, min: number, otherwise: number, remarks: string[]): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (value >= min && value <= 3_600_000) return value;
  remarks.push(`\`${name}\` is no number of milliseconds from ${min} to 3600000; ${otherwise} is used`);
  return otherwise;
}

/** Whatever the name, the caller's decision counts where the caller is believed. */
function samplingOf(env: Env, remarks: string[]): number | undefined {
  const sampler = (env['OTEL_TRACES_SAMPLER'] ?? '').replace(/^parentbased_/, '');
  switch (sampler) {
    case '':
      return undefined;
    case 'always_on':
      return 100;
    case 'always_off':
      return 0;
    case 'traceidratio': {
      const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG'] ?? '1');
      if (ratio >= 0 && ratio <= 1) return ratio * 100;
      remarks.push('`OTEL_TRACES_SAMPLER_ARG` is no number from 0 to 1');
      return undefined;
    }
    default:
      remarks.push('`OTEL_TRACES_SAMPLER` names a sampler that is not known here');
      return undefined;
  }
}

/** `/v1/traces` and so on below the endpoint, or what the environment says for one signal, as it is. */
export function signalUrl(otlp: OtlpSpec, signal: OtlpSignal, env: Env): string {
  const own = env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`];
  const fromEnv = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.replace(/\/+$/, '') === otlp.endpoint;
  return fromEnv && own !== undefined && URL.canParse(own) ? own : `${otlp.endpoint}/v1/${signal}`;
}
