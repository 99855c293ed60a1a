import type { HeaderInput } from './types.ts';

/** The fields of either shape of HeaderInput, names in lower case. Not for hot paths. */
export function* fieldsOf(fields: HeaderInput): Generator<readonly [name: string, value: string]> {
  for (let i = 0; i < fields.length; i++) {
    const entry = fields[i]!;
    if (typeof entry === 'string') yield [entry.toLowerCase(), fields[++i] as string];
    else yield [entry[0].toLowerCase(), entry[1]];
  }
}

/** The last value of a field. @param name lower case */
export function valueOf(fields: HeaderInput, name: string): string | undefined {
  let found: string | undefined;
  for (const [each, value] of fieldsOf(fields)) if (each === name) found = value;
  return found;
}
