// `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${NAME:+other}` (Compose Specification, Interpolation).

const DEPTH_MAX = 16;
const LENGTH_MAX = 64 * 1024;

/**
 * Puts values in. What has neither a value nor a default stays as it is written, since only the person who starts the system knows it.
 * @param lookUp value of a variable; undefined when it is not known
 */
export function interpolate(text: string, lookUp: (name: string) => string | undefined): string {
  return text.includes('$') ? expand(text, lookUp, 0) : text;
}

function expand(text: string, lookUp: (name: string) => string | undefined, depth: number): string {
  let result = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1 || result.length > LENGTH_MAX) return result + text.slice(at);
    result += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === '$') {
      result += '$';
      at = dollar + 2;
    } else if (next === '{') {
      const end = depth < DEPTH_MAX ? closingBrace(text, dollar + 2) : -1;
      if (end === -1) return result + text.slice(dollar);
      const written = text.slice(dollar, end + 1);
      result += braced(text.slice(dollar + 2, end), written, lookUp, depth);
      at = end + 1;
    } else {
      const name = nameAt(text, dollar + 1);
      result += name === '' ? '$' : (lookUp(name) ?? `$${name}`);
      at = dollar + 1 + name.length;
    }
  }
  return result;
}

/** What stands between the braces. */
function braced(inner: string, written: string, lookUp: (name: string) => string | undefined, depth: number): string {
  const name = nameAt(inner, 0);
  const form = /^(:?[-?+])/.exec(inner.slice(name.length, name.length + 2))?.[1] ?? '';
  if (name === '' || (form === '' && inner.length > name.length)) return written;
  const value = lookUp(name);
  const other = inner.slice(name.length + form.length);
  const given = value !== undefined && (value !== '' || !form.startsWith(':'));
  switch (form.at(-1)) {
    case '-':
      return given ? value : expand(other, lookUp, depth + 1);
    case '+':
      return given ? expand(other, lookUp, depth + 1) : '';
    default:
      return value ?? written;
  }
}

function nameAt(text: string, from: number): string {
  let end = from;
  while (end < text.length && end - from < 256 && /[A-Za-z0-9_]/.test(text[end]!)) end++;
  return /^[0-9]/.test(text[from] ?? '0') ? '' : text.slice(from, end);
}

function closingBrace(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length && at - from < LENGTH_MAX; at++) {
    if (text[at] === '$' && text[at + 1] === '{') {
      open++;
      at++;
    } else if (text[at] === '}' && --open === 0) return at;
  }
  return -1;
}

/** Whether a variable's name says that its value is a secret. */
export function saysSecret(name: string): boolean {
  return /passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|(?:^|_)(?:key|pass|pwd|auth)$/i.test(name);
}
