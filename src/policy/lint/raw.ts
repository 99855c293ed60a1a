// Looking into documents that are kept as written: whatever does not fit is nothing.

export type Raw = Readonly<Record<string, unknown>>;

/** An own member that is a mapping. */
export function mapOf(value: unknown, ...path: readonly string[]): Raw | undefined {
  const found = memberOf(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Raw) : undefined;
}

export function memberOf(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) || !Object.hasOwn(at, key)) return undefined;
    at = (at as Raw)[key];
  }
  return at;
}

export function listOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = memberOf(value, ...path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

export function textOf(value: unknown, ...path: readonly string[]): string | undefined {
  const found = memberOf(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** Members that are texts. */
export function labelsOf(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(mapOf(value, ...path) ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
