// The client connection preface (RFC 9113 section 3.4): how a connection that speaks HTTP/2 begins.

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/**
 * Whether the first bytes of a connection are the HTTP/2 client preface.
 * @returns `http2` for the whole preface or more, `more` while every byte so far agrees with it, `other` as soon as one does not
 * @example sniffPreface(Buffer.from('PRI * HT')); // 'more'
 */
export function sniffPreface(bytes: Uint8Array): 'http2' | 'more' | 'other' {
  const length = Math.min(bytes.length, PREFACE.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== PREFACE[i]) return 'other';
  return length === PREFACE.length ? 'http2' : 'more';
}
