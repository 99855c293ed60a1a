// Looking into documents that are kept as written: whatever does not fit is nothing.

export type RawObject = Readonly<Record<string, unknown>>;

export function objectAt(value: unknown, key: string): RawObject | undefined {
  return asObject(memberOf(value, key));
}

export function asObject(value: unknown): RawObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawObject) : undefined;
}

/** An own member; never one of the prototype. */
export function memberOf(value: unknown, key: string): unknown {
  const object = asObject(value);
  return object && Object.hasOwn(object, key) ? object[key] : undefined;
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const member = memberOf(value, key);
  return Array.isArray(member) ? (member as readonly unknown[]) : [];
}

export function textAt(value: unknown, key: string): string | undefined {
  const member = memberOf(value, key);
  return typeof member === 'string' ? member : undefined;
}

export function textsAt(value: unknown, key: string): readonly string[] {
  return listAt(value, key).filter((each): each is string => typeof each === 'string');
}

export function numberAt(value: unknown, key: string): number | undefined {
  const member = memberOf(value, key);
  return typeof member === 'number' && Number.isFinite(member) ? member : undefined;
}

/** Members that are texts; numbers and booleans count as their text. */
export function recordAt(value: unknown, key: string): Readonly<Record<string, string>> {
  const record: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, member] of Object.entries(objectAt(value, key) ?? {})) {
    if (typeof member === 'string') record[name] = member;
    else if (typeof member === 'number' || typeof member === 'boolean') record[name] = String(member);
    else if (member === null) record[name] = '';
  }
  return record;
}

/** An annotation, whatever the case of its key: it is looked at in lower case (Kubernetes validates it so). @param name in lower case */
export function annotationOf(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  for (const key in annotations) if (key.length === name.length && key.toLowerCase() === name) return annotations[key];
  return undefined;
}
