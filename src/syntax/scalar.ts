// Plain scalars as the Kubernetes tools read them: YAML 1.1 words, go-yaml's numbers, no sexagesimals, timestamps stay text.

const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((word) => [word, false] as const),
  ...['~', 'null', 'Null', 'NULL', ''].map((word) => [word, null] as const),
]);
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

/**
 * The value of an untagged plain scalar, as sigs.k8s.io/yaml resolves it.
 * @returns a text, number, boolean or null; NaN for `.inf` and `.nan`, which JSON (and so Kubernetes) cannot hold
 */
export function resolvePlain(text: string): string | number | boolean | null {
  const first = text.charCodeAt(0);
  // A letter outside `ynotfYNOTF~` cannot begin a word or a number: most scalars end here.
  if ((first >= 48 && first <= 57) || first === 43 || first === 45 || first === 46) return resolveNumber(text);
  if (text.length > 5) return text;
  const word = WORDS.get(text);
  return word === undefined ? text : word;
}

function resolveNumber(text: string): string | number {
  if (text.length > 400) return text;
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  if (INTEGER.test(plain)) return integer(plain);
  if (FLOAT.test(plain)) {
    const value = Number(plain);
    return Number.isFinite(value) ? value : text;
  }
  return INFINITE.test(text) ? Number.NaN : text;
}

function integer(text: string): number {
  const negative = text.startsWith('-');
  const digits = negative || text.startsWith('+') ? text.slice(1) : text;
  // Go's base 0: a leading zero alone means octal. Number() reads 0x, 0b and 0o itself.
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return negative && value !== 0 ? -value : value;
}

/** How a resolved key reads as a member name in JSON; undefined for null and NaN, which cannot be one. */
export function keyText(value: string | number | boolean | null): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || Number.isNaN(value)) return undefined;
  return String(value);
}
