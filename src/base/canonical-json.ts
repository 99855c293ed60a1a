/**
 * JSON text that is equal for equal values whatever the order of their members (RFC 8785: keys sorted by UTF-16 units, no spaces,
 * numbers and strings as ECMAScript writes them). Members that are undefined are left out, as `JSON.stringify` does.
 *
 * `canonicalJson({ b: 1, a: [2] })` gives `{"a":[2],"b":1}`.
 * @param value plain data without cycles: what JSON can hold. Other values (functions, NaN) are written as `null`
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : 'null';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? arrayText(value) : objectText(value as Record<string, unknown>);
    default:
      return 'null';
  }
}

function arrayText(value: readonly unknown[]): string {
  let text = '[';
  for (let i = 0; i < value.length; i++) text += i === 0 ? canonicalJson(value[i]) : `,${canonicalJson(value[i])}`;
  return `${text}]`;
}

function objectText(value: Readonly<Record<string, unknown>>): string {
  let text = '{';
  let first = true;
  for (const key of sortedKeys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${first ? '' : ','}${quote(key)}:${canonicalJson(member)}`;
    first = false;
  }
  return `${text}}`;
}

function sortedKeys(value: object): string[] {
  const keys = Object.keys(value);
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort();
  return keys;
}

// What JSON.stringify would escape; the test is cheaper than the call for the many texts that need nothing.
const SPECIAL = /["\\\u0000-\u001f\ud800-\udfff]/;

function quote(text: string): string {
  return SPECIAL.test(text) ? JSON.stringify(text) : `"${text}"`;
}
