import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** Field names whose values never reach a log, at the top and one and two levels down. */
const SECRET_FIELDS = [
  'token',
  'password',
  'passphrase',
  'secret',
  'authorization',
  'cookie',
  'set-cookie',
  'key',
  'privateKey',
  'sessionKey',
  'pem',
  'csrPem',
] as const;

export interface LogOptions {
  /** Name of the process, e.g. `control`. */
  readonly name: string;
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** JSON lines, or short lines for people. */
  readonly format: 'json' | 'human';
  /** Where lines go; standard error when absent. */
  readonly write?: (line: string) => void;
}

/** The operational log: constant messages with fields, no request records (those are events). Without transports, so no thread and no generated code. */
export function createLogger(options: LogOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const destination: DestinationStream = { write: options.format === 'json' ? write : (line) => write(humanLine(line)) };
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]), censor: '(hidden)' },
    },
    destination,
  );
}

/** `12:01:02 warn  control: snapshot refused version=abc`. Control characters in values are escaped, so a hostile value cannot forge a line. */
export function humanLine(json: string): string {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { level, time, name, msg, err, ...rest } = fields;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const parts = Object.entries(rest).map(([key, value]) => `${key}=${valueText(value)}`);
  const message = typeof err === 'object' && err !== null && 'message' in err ? [`error=${valueText(err.message)}`] : [];
  return `${[`${clock} ${String(level).padEnd(5)} ${String(name)}: ${printable(typeof msg === 'string' ? msg : '')}`, ...parts, ...message].join(' ')}\n`;
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return /^[^\s"=]+$/.test(text) ? printable(text) : JSON.stringify(text);
}

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
