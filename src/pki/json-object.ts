// JSON objects inside tokens, read so that no second reader can see another object in the same bytes.

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Whether the outermost object of a valid JSON text names a member twice. Readers differ in which of the two they take, so a token with two `iss` or `alg` would
 * mean one thing here and another behind us (RFC 7515 section 4, RFC 7519 section 4).
 */
export function repeatsMember(text: string): boolean {
  const seen = new Set<string>();
  let depth = 0;
  let expectsName = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const start = i++;
      while (text.charCodeAt(i) !== 0x22 && i < text.length) i += text.charCodeAt(i) === 0x5c ? 2 : 1;
      if (!expectsName || depth !== 1) continue;
      // Escapes can spell one name in two ways, so the name is compared as read.
      const name = JSON.parse(text.slice(start, i + 1)) as string;
      if (seen.has(name)) return true;
      seen.add(name);
      expectsName = false;
    } else if (c === 0x7b || c === 0x5b) {
      depth++;
      expectsName = depth === 1 && c === 0x7b;
    } else if (c === 0x7d || c === 0x5d) depth--;
    else if (c === 0x2c) expectsName = depth === 1;
  }
  return false;
}

/** Valid UTF-8, valid JSON, an object, no member twice: the object; else undefined. A `__proto__` member is a plain member. */
export function readJsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || repeatsMember(text)) return undefined;
  return value as Record<string, unknown>;
}
