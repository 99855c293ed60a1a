// What a proxy has to know of gRPC (grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/http-grpc-status-mapping.md).

/** Of gRPC's status codes, those that a proxy gives or looks for. */
export const GRPC = {
  OK: 0,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const BY_HTTP_STATUS: ReadonlyMap<number, number> = new Map([
  [400, GRPC.INTERNAL],
  [401, GRPC.UNAUTHENTICATED],
  [403, GRPC.PERMISSION_DENIED],
  [404, GRPC.UNIMPLEMENTED],
  [429, GRPC.UNAVAILABLE],
  [502, GRPC.UNAVAILABLE],
  [503, GRPC.UNAVAILABLE],
  [504, GRPC.UNAVAILABLE],
]);

/** What the caller of a refused call is told instead of an HTTP status. */
export function grpcStatusOf(httpStatus: number): number {
  return BY_HTTP_STATUS.get(httpStatus) ?? GRPC.UNKNOWN;
}

/** Answers by which a server says that it failed, not that the call was wrong: what HTTP says with 500 and above. */
const FAILURES: ReadonlySet<number> = new Set([GRPC.DEADLINE_EXCEEDED, GRPC.INTERNAL, GRPC.UNAVAILABLE, GRPC.DATA_LOSS]);

/** Whether an answer's status counts as a failure of the next hop. */
export function isGrpcFailure(status: number): boolean {
  return FAILURES.has(status);
}

/** The HTTP status that a gRPC status stands for, as Envoy's outlier detection reads it. */
export function httpStatusOf(grpcStatus: number): number {
  return HTTP_STATUS[grpcStatus] ?? 500;
}

const HTTP_STATUS: readonly number[] = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

/** The number in a `grpc-status` field; a value that is none is UNKNOWN, as clients take it. */
export function readGrpcStatus(value: string): number {
  return /^\d{1,3}$/.test(value) ? Number(value) : GRPC.UNKNOWN;
}

/** Whether a Content-Type is gRPC's own: `application/grpc`, also with a format behind it. gRPC-Web is not: its status travels in the body. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:[+;]|$)/i.test(contentType);
}

/** Text as `grpc-message` carries it: UTF-8 bytes, all but visible ASCII and `%` itself in percent form. */
export function grpcMessage(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    out +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds that a `grpc-timeout` gives, parts of one included; undefined when it is malformed (at most eight digits and a unit). */
export function readGrpcTimeout(value: string): number | undefined {
  const match = /^(\d{1,8})([HMSmun])$/.exec(value);
  return match ? Number(match[1]) * UNIT_MS[match[2]!]! : undefined;
}

/** A `grpc-timeout` of that many milliseconds, in the finest unit that has room for it, rounded down. */
export function writeGrpcTimeout(ms: number): string {
  if (ms < 1e5) return `${Math.max(0, Math.floor(ms * 1000))}u`;
  if (ms < 1e8) return `${Math.floor(ms)}m`;
  return `${Math.min(99_999_999, Math.floor(ms / 1000))}S`;
}
