// What a file is, told by its first bytes and its name; never by what it claims to be.

export type FileKind =
  | { readonly kind: 'text'; readonly bytes: Uint8Array }
  /** Not looked into, except for the key material below. */
  | { readonly kind: 'binary' };

/** As git does: a NUL among the first 8,000 bytes makes a file binary. */
const LOOKED = 8000;

/** UTF-16 (by its mark, or by NULs at every other place) comes back as UTF-8. */
export function fileKind(bytes: Uint8Array): FileKind {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return utf16(bytes.subarray(2), 'utf-16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return utf16(bytes.subarray(2), 'utf-16be');
  const head = bytes.subarray(0, LOOKED);
  const nul = head.indexOf(0);
  if (nul === -1) return { kind: 'text', bytes };
  const label = halfZero(head);
  return label ? utf16(bytes, label) : { kind: 'binary' };
}

function utf16(bytes: Uint8Array, label: 'utf-16le' | 'utf-16be'): FileKind {
  return { kind: 'text', bytes: Buffer.from(new TextDecoder(label).decode(bytes), 'utf8') };
}

/** Text of the Latin script in UTF-16 has a NUL in nearly every pair, always on the same side. */
function halfZero(head: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (head.length < 8) return undefined;
  const zeros = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) zeros[i & 1]!++;
  const half = head.length / 2;
  const [even, odd] = zeros as [number, number];
  if (odd > half * 0.7 && even === 0) return 'utf-16le';
  if (even > half * 0.7 && odd === 0) return 'utf-16be';
  return undefined;
}

export interface KeyMaterial {
  readonly rule: string;
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

const MAGICS: readonly {
  readonly rule: string;
  readonly name: string;
  readonly magic: readonly number[];
  readonly path?: RegExp;
}[] = [
  { rule: 'java-keystore', name: 'Java key store', magic: [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0] },
  { rule: 'java-keystore', name: 'Java key store (JCEKS)', magic: [0xce, 0xce, 0xce, 0xce, 0, 0, 0] },
  { rule: 'keepass-database', name: 'KeePass database', magic: [0x03, 0xd9, 0xa2, 0x9a] },
  { rule: 'openssh-key-binary', name: 'OpenSSH private key', magic: [...Buffer.from('openssh-key-v1\0', 'latin1')] },
];

/** Key stores and keys in binary form. DER structures: RFC 5208 (PKCS #8), RFC 8017 appendix A.1.2, RFC 5915, RFC 7292 (PKCS #12). */
export function keyMaterial(bytes: Uint8Array): KeyMaterial[] {
  const found: KeyMaterial[] = [];
  for (const { rule, name, magic } of MAGICS)
    if (magic.every((byte, i) => bytes[i] === byte)) found.push({ rule, name, offset: 0, length: bytes.length });
  const der = derKey(bytes);
  if (der) found.push({ ...der, offset: 0, length: bytes.length });
  return found;
}

/** Reads the outer SEQUENCE and what stands first in it. */
function derKey(bytes: Uint8Array): { rule: string; name: string } | undefined {
  const outer = header(bytes, 0, 0x30);
  if (!outer || outer.start + outer.length > bytes.length + 16 || outer.length < 40) return undefined;
  const version = header(bytes, outer.start, 0x02);
  if (!version || version.length !== 1) return undefined;
  const number = bytes[version.start];
  const next = version.start + 1;
  const sequence = header(bytes, next, 0x30);
  if (number === 3 && sequence && oidAt(bytes, sequence.start, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07]))
    return { rule: 'pkcs12-file', name: 'PKCS #12 key store' };
  if (
    (number === 0 || number === 1) &&
    sequence &&
    header(bytes, sequence.start, 0x06) &&
    header(bytes, sequence.start + sequence.length, 0x04)
  )
    return { rule: 'pkcs8-private-key', name: 'private key (PKCS #8, DER)' };
  const integer = header(bytes, next, 0x02);
  if (number === 0 && integer && integer.length >= 64 && header(bytes, integer.start + integer.length, 0x02))
    return { rule: 'rsa-private-key-der', name: 'RSA private key (DER)' };
  const octets = header(bytes, next, 0x04);
  if (number === 1 && octets && octets.length >= 20 && octets.length <= 66 && bytes[octets.start + octets.length] === 0xa0)
    return { rule: 'ec-private-key-der', name: 'EC private key (DER)' };
  return undefined;
}

function header(bytes: Uint8Array, at: number, tag: number): { start: number; length: number } | undefined {
  if (bytes[at] !== tag) return undefined;
  const first = bytes[at + 1];
  if (first === undefined) return undefined;
  if (first < 0x80) return { start: at + 2, length: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4) return undefined;
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return { start: at + 2 + count, length };
}

function oidAt(bytes: Uint8Array, at: number, prefix: readonly number[]): boolean {
  return bytes[at] === 6 && prefix.every((byte, i) => bytes[at + 2 + i] === byte);
}

const CODE =
  /\.(?:[cm]?[jt]sx?|go|py|pyw|java|kt|kts|scala|groovy|rb|php|cs|fs|vb|c|cc|cpp|cxx|h|hh|hpp|m|mm|swift|rs|dart|lua|pl|pm|r|jl|ex|exs|erl|hrl|clj|cljs|hs|ml|mli|s|asm|sol|vue|svelte|astro|html?|xhtml|css|scss|less|sql|proto|thrift|graphql|gql|y|ll|zig|nim|d|v|sv|vhd|tex|rst|adoc|po|pot|map|lock|sum|patch|diff|ipynb)$/i;

/** Whether values stand in quotes there, so that a bare right-hand side is an expression. */
export function isCodePath(path: string): boolean {
  return CODE.test(path);
}
