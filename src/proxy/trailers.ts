// Fields behind a body. They come after every decision, so nothing that one could rest on may be among them (RFC 9110 section 6.5.1).
import { fieldsOf } from '#wire/header-input.ts';
import { mayBeTrailer } from '#wire/trailer-fields.ts';
import type { HeaderInput } from '#wire/types.ts';
import type { HeaderRules } from './header-rules.ts';

/**
 * The fields that may go on, names in lower case; undefined when there are none.
 * @param fromProxy the sender is a proxy of this mesh, whose word on its decision passes
 */
export function passTrailers(
  trailers: HeaderInput | undefined,
  rules: HeaderRules,
  fromProxy = false,
): readonly string[] | undefined {
  if (trailers === undefined || trailers.length === 0) return undefined;
  const passed: string[] = [];
  for (const [name, value] of fieldsOf(trailers)) {
    if (!mayBeTrailer(name)) continue;
    if (rules.of(name) === 'pass' || (fromProxy && name === 'x-cullis-decision-id')) passed.push(name, value);
  }
  return passed.length === 0 ? undefined : passed;
}
