// How many requests some bytes may be, read as strictly as RFC 9112 can be read, by a reader that shares nothing with the product.

const LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e]+ HTTP\/1\.[01]$/;
const FIELD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The most requests that an upstream may see for `bytes`: whole messages whose framing leaves no doubt count one each; the first doubtful one
 * counts one, and nothing behind it is a request.
 * @param bytes one character a byte
 */
export function requestsAtMost(bytes: string): number {
  let rest = bytes;
  for (let count = 0; ; count++) {
    // Empty lines before a request may be passed over (section 2.2).
    rest = rest.replace(/^(?:\r\n)+/, '');
    if (rest === '') return count;
    const size = plainSize(rest);
    if (size === 0) return count + 1;
    rest = rest.slice(size);
  }
}

/** Length of the first message when it is whole and beyond doubt, else 0. */
function plainSize(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return 0;
  const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n');
  if (!LINE.test(line) || !fields.every((field) => FIELD.test(field))) return 0;
  const valuesOf = (name: string): string[] =>
    fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).map((field) => field.slice(name.length + 1).trim());
  const lengths = valuesOf('content-length');
  const codings = valuesOf('transfer-encoding');
  const body = headEnd + 4;
  if (codings.length === 0 && lengths.length === 0) return body;
  if (codings.length === 0 && lengths.length === 1 && /^(?:0|[1-9]\d{0,8})$/.test(lengths[0]!)) {
    const end = body + Number(lengths[0]);
    return end <= text.length ? end : 0;
  }
  if (lengths.length > 0 || codings.length !== 1 || codings[0]!.toLowerCase() !== 'chunked' || !line.endsWith('1.1')) return 0;
  return chunksEnd(text, body);
}

function chunksEnd(text: string, start: number): number {
  let at = start;
  for (;;) {
    const head = /^([0-9A-Fa-f]{1,8})(?:;[^\r\n]*)?\r\n/.exec(text.slice(at, at + 4200));
    if (!head) return 0;
    const size = Number.parseInt(head[1]!, 16);
    at += head[0].length;
    if (size === 0) {
      const end = text.startsWith('\r\n', at) ? at : text.indexOf('\r\n\r\n', at) + 2;
      return end < at ? 0 : end + 2;
    }
    if (text.slice(at + size, at + size + 2) !== '\r\n') return 0;
    at += size + 2;
  }
}
