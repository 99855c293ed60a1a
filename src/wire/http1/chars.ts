// Byte classes of RFC 9110 and RFC 9112 as lookup tables: one indexed read a byte.

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

function classOf(test: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (test(byte) ? 1 : 0));
}

const isAlpha = (byte: number): boolean => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** tchar (RFC 9110 section 5.6.2). */
export const TOKEN = classOf(
  (byte) => isAlpha(byte) || isDigit(byte) || (byte < 128 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(byte))),
);

/** Bytes of a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 section 5.5). */
export const FIELD = classOf((byte) => byte === TAB || (byte >= 0x20 && byte !== 0x7f));

/** Bytes of a request target: visible ASCII without `#` (a fragment is never sent, RFC 9112 section 3.2). */
export const TARGET = classOf((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x23);

/** Bytes of a host name or IPv4 address in an authority; narrower than reg-name of RFC 3986, which allows sub-delims and escapes. */
export const HOST = classOf(
  (byte) => isAlpha(byte) || isDigit(byte) || byte === 0x2d || byte === 0x2e || byte === 0x5f || byte === 0x7e,
);

/** Value of a hexadecimal digit, 255 for every other byte. */
export const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (isDigit(byte)) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return 255;
});

/** ASCII letters in lower case, every other byte itself. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const VISIBLE = /^[\x21-\x7e]+$/;

/** Whether the text may be written as a field name. */
export const isToken = (text: string): boolean => NAME.test(text);
/** Whether the text may be written as a field value: nothing that ends the line, and nothing that latin1 would turn into such a byte. */
export const isFieldValue = (text: string): boolean => VALUE.test(text);
/** Whether the text may be written as a request target. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);
