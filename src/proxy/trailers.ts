// Fields behind a body. They come after every decision, so nothing that one could rest on may be among them (RFC 9110 section 6.5.1).
import { fieldsOf } from '#wire/header-input.ts';
import type { HeaderInput, HttpRequest } from '#wire/types.ts';
import type { HeaderRules } from './header-rules.ts';

/** Framing, routing, credentials, conditions and how content is read: never taken from behind it. */
const NEVER =
  /^(?::.*|host|te|trailer|transfer-encoding|connection|keep-alive|upgrade|expect|authorization|proxy-.*|cookie|set-cookie|www-authenticate|age|cache-control|expires|date|location|retry-after|vary|warning|range|max-forwards|pragma|if-.*|content-(?:length|encoding|type|range|location)|access-control-.*|strict-transport-security|server|x-powered-by)$/;

/** The fields that may go on, names in lower case; undefined when there are none. */
export function passTrailers(trailers: HeaderInput | undefined, rules: HeaderRules): readonly string[] | undefined {
  if (trailers === undefined || trailers.length === 0) return undefined;
  const passed: string[] = [];
  for (const [name, value] of fieldsOf(trailers)) if (!NEVER.test(name) && rules.of(name) === 'pass') passed.push(name, value);
  return passed.length === 0 ? undefined : passed;
}

/** The value of one field, the last when there are several. @param name lower case */
export function trailer(trailers: HeaderInput | undefined, name: string): string | undefined {
  let found: string | undefined;
  for (const [each, value] of fieldsOf(trailers ?? [])) if (each === name) found = value;
  return found;
}

/** Whether the caller takes fields behind the body of an answer (`TE: trailers`, RFC 9110 section 10.1.4). */
export function takesTrailers({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  return headers.get('te') !== undefined && headers.all('te').some((value) => /(?:^|[\s,])trailers(?:[\s,;]|$)/i.test(value));
}
