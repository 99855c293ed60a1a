// What the writer of header blocks knows of a name: whether it may be written, where the static table has it, and how it is best encoded.
import { STATIC, STATIC_LENGTH } from './static-table.ts';

/** Put into the dynamic table when it comes again. */
export const INDEXED = 0;
/** Its value hardly ever comes again. */
export const LITERAL = 1;
/** A secret: never in a table, here or at any hop behind (RFC 7541 section 7.1). */
export const NEVER = 2;
/** Framing or one HTTP/1 connection's own: not written. */
export const DROPPED = 3;
/** Written only as `te: trailers`. */
export const ONLY_TRAILERS = 4;

export interface NameInfo {
  /** Lower case. */
  readonly name: string;
  readonly mode: number;
  /** Index in the static table, 0 when it is not there. */
  readonly index: number;
  /** Index of each value that the static table has with the name. */
  readonly values: ReadonlyMap<string, number> | undefined;
}

const MODES: Readonly<Record<number, string>> = {
  [LITERAL]:
    ':path content-length etag last-modified expires age if-none-match if-match if-modified-since if-unmodified-since if-range range ' +
    'content-range location referer traceparent tracestate x-request-id x-b3-traceid x-b3-spanid x-envoy-upstream-service-time ' +
    'x-forwarded-for x-session-id grpc-timeout grpc-message retry-after content-disposition',
  [NEVER]: 'authorization proxy-authorization cookie set-cookie x-api-key',
  [DROPPED]: 'connection proxy-connection keep-alive transfer-encoding upgrade host expect http2-settings',
  [ONLY_TRAILERS]: 'te',
};
/** Not in the static table, and common enough to be known as they are written. */
const COMMON =
  'origin x-powered-by x-frame-options x-content-type-options x-forwarded-proto x-forwarded-host x-real-ip x-forwarded-client-cert ' +
  'sec-fetch-dest sec-fetch-mode sec-fetch-site content-security-policy grpc-status grpc-encoding grpc-accept-encoding :protocol';

const modes = new Map<string, number>();
for (const [mode, names] of Object.entries(MODES)) for (const name of names.split(' ')) modes.set(name, Number(mode));

function infoOf(name: string): NameInfo {
  let index = 0;
  let values: Map<string, number> | undefined;
  for (let i = STATIC_LENGTH; i > 0; i--) {
    const row = STATIC[i - 1]!;
    if (row.name !== name) continue;
    index = i;
    if (row.value !== '') (values ??= new Map()).set(row.value, i);
  }
  return { name, mode: modes.get(name) ?? INDEXED, index, values };
}

const INFOS = new Map<string, NameInfo>();
for (const name of new Set([...STATIC.map((row) => row.name), ...modes.keys(), ...COMMON.split(' ')])) {
  const info = infoOf(name);
  INFOS.set(name, info);
  // As HTTP/1 servers like to write it.
  INFOS.set(
    name.replaceAll(/(^|-)[a-z]/g, (start) => start.toUpperCase()),
    info,
  );
}

/** What is known of a name, in any case. @returns undefined for names that are not special */
export function nameInfo(name: string): NameInfo | undefined {
  return INFOS.get(name) ?? INFOS.get(name.toLowerCase());
}
