// Certificates wherever they lie: PEM in files and in strings of source code, PEM in base64 (Kubernetes Secrets, kubeconfigs), DER in
// base64 (SAML metadata, sets of keys), DER files, Java and PKCS#12 key stores. Private keys are looked at to compare them with
// certificates, and never handed on.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { keyStoreCertificates, pkcs12Certificates } from './stores.ts';

export type CertificateForm = 'pem' | 'der' | 'encoded' | 'key-store' | 'source';

/** A certificate as bytes, and where it stands. */
export interface RawCertificate {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly form: CertificateForm;
  readonly der: Uint8Array;
  /** The YAML or JSON member that it is the value of: `tls.crt`, `caBundle`; '' when there is none. */
  readonly member: string;
  /** Which document of the file, from 0. */
  readonly document: number;
}

/** The public half of a private key that lies in the file. */
export interface RawKey {
  readonly file: string;
  readonly line: number;
  readonly document: number;
  /** SubjectPublicKeyInfo, base64. */
  readonly publicKey: string;
}

export interface Found {
  readonly certificates: readonly RawCertificate[];
  readonly keys: readonly RawKey[];
}

export interface NamedBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
}

const CERTIFICATES_MAX = 2000;
const KEYS_MAX = 50;
const CHAIN_MAX = 10;
const BLOCK_MAX = 64 * 1024;
const FILE_MAX = 64 * 1024 * 1024;
const BEGIN = Buffer.from('-----BEGIN ');
/** Base64 of `-----BEGIN ` as far as it is the same for every label. */
const BEGIN_ENCODED = Buffer.from('LS0tLS1CRUdJTi');
/** What base64 of DER without a label follows: XML signatures and SAML metadata, keys as JSON (RFC 7517 section 4.7). */
const BARE_MARKS: readonly string[] = ['X509Certificate>', '"x5c"'];
const NOTHING: Found = { certificates: [], keys: [] };

/** What a file holds. Never throws; costs little more than a search for two marks when it holds nothing. */
export function findCertificates({ path, bytes }: NamedBytes): Found {
  if (bytes.length === 0 || bytes.length > FILE_MAX) return NOTHING;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const name = path.toLowerCase();
  if (buffer.length > 4 && buffer.readUInt32BE(0) === 0xfeedfeed) return whole(path, 'key-store', keyStoreCertificates(bytes));
  if (/\.(?:p12|pfx)$/.test(name)) return whole(path, 'key-store', pkcs12Certificates(bytes));
  const plain = buffer.includes(BEGIN);
  const encoded = buffer.includes(BEGIN_ENCODED);
  const bare = BARE_MARKS.filter((mark) => buffer.includes(mark));
  if (!plain && !encoded && bare.length === 0)
    return /\.(?:der|cer|crt|cert)$/.test(name) && buffer[0] === 0x30 ? whole(path, 'der', [bytes]) : NOTHING;
  const text = buffer.toString('latin1');
  const search = new Search(path, text);
  if (plain) search.plain();
  if (encoded) search.encoded();
  for (const mark of bare) search.bare(mark);
  return search;
}

function whole(file: string, form: CertificateForm, all: readonly Uint8Array[]): Found {
  return {
    certificates: all.slice(0, CERTIFICATES_MAX).map((der) => ({ file, line: 1, column: 1, form, der, member: '', document: 0 })),
    keys: [],
  };
}

class Search implements Found {
  readonly certificates: RawCertificate[] = [];
  readonly keys: RawKey[] = [];
  readonly #file: string;
  readonly #text: string;
  #lineAt = 0;
  #line = 1;
  #document = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  plain(): void {
    const text = this.#text;
    this.#rewind();
    for (let at = text.indexOf('-----BEGIN '); at >= 0 && !this.#full();) {
      const block = blockAt(text, at);
      if (block) this.#block(block.label, block.body, at, isSource(this.#file) ? 'source' : 'pem');
      at = text.indexOf('-----BEGIN ', at + 11);
    }
  }

  encoded(): void {
    const text = this.#text;
    this.#rewind();
    const mark = BEGIN_ENCODED.toString('latin1');
    for (let at = text.indexOf(mark); at >= 0 && !this.#full();) {
      let end = at;
      while (end < text.length && end - at < 4 * BLOCK_MAX && isBase64(text.charCodeAt(end))) end++;
      const inner = Buffer.from(text.slice(at, end), 'base64').toString('latin1');
      for (const { label, body } of blocksOf(inner)) this.#block(label, body, at, 'encoded');
      at = text.indexOf(mark, Math.max(end, at + 1));
    }
  }

  bare(mark: string): void {
    const text = this.#text;
    this.#rewind();
    for (let at = text.indexOf(mark); at >= 0 && !this.#full(); at = text.indexOf(mark, at + mark.length)) {
      let start = at + mark.length;
      for (let count = 0; count < CHAIN_MAX; count++) {
        start += /^[\s:["',]{0,200}/.exec(text.slice(start, start + 200))![0].length;
        let end = start;
        while (end < text.length && end - start < BLOCK_MAX && (isBase64(text.charCodeAt(end)) || isSpace(text.charCodeAt(end))))
          end++;
        const body = text.slice(start, end);
        // A SEQUENCE of 128 bytes or more.
        if (!/^MI[HI]/.test(body)) break;
        this.#block('CERTIFICATE', body, start, 'encoded');
        if (text[end] !== '"') break;
        start = end;
      }
    }
  }

  #full(): boolean {
    return this.certificates.length >= CERTIFICATES_MAX;
  }

  #block(label: string, body: string, at: number, form: CertificateForm): void {
    const isKey = label.endsWith('PRIVATE KEY');
    if (!isKey && !/^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label)) return;
    const der = Buffer.from(base64Of(body), 'base64');
    if (der.length < 40) return;
    const { line, column, document } = this.#place(at);
    if (!isKey) this.certificates.push({ file: this.#file, line, column, form, der, member: this.#member(at), document });
    else if (this.keys.length < KEYS_MAX) {
      const publicKey = publicHalf(label, der);
      if (publicKey !== undefined) this.keys.push({ file: this.#file, line, document, publicKey });
    }
  }

  #rewind(): void {
    [this.#lineAt, this.#line, this.#document] = [0, 1, 0];
  }

  /** Lines are counted on from the last place: blocks come in order. */
  #place(at: number): { line: number; column: number; document: number } {
    const text = this.#text;
    for (let next = text.indexOf('\n', this.#lineAt); next >= 0 && next < at; next = text.indexOf('\n', next + 1)) {
      this.#line++;
      this.#lineAt = next + 1;
      if (text.startsWith('---', next + 1) && !text.startsWith('----', next + 1)) this.#document++;
    }
    return { line: this.#line, column: at - this.#lineAt + 1, document: this.#document };
  }

  /** The key before the value: on its line, or on the one above a block scalar. */
  #member(at: number): string {
    const start = this.#text.lastIndexOf('\n', at);
    const line = this.#text.slice(Math.max(start + 1, at - 300), at);
    const above =
      line.trim() === '' && start > 0
        ? this.#text.slice(Math.max(this.#text.lastIndexOf('\n', start - 1) + 1, start - 300), start)
        : line;
    return /["']?([\w.-]{1,100})["']?\s{0,5}[:=]\s{0,5}(?:[|>][+-]?)?\s{0,20}["'`]?$/.exec(above.trimEnd())?.[1] ?? '';
  }
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isBase64(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || (code >= 47 && code <= 57) || code === 43 || code === 61;
}

interface Block {
  readonly label: string;
  readonly body: string;
}

/** The block that begins at an offset: the next dashes must end it, so that each character is looked at once. */
function blockAt(text: string, at: number): Block | undefined {
  const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text.slice(at, at + 60))?.[1];
  if (label === undefined) return undefined;
  const start = at + 16 + label.length;
  const end = text.indexOf('-----', start);
  return end > 0 && end - at < BLOCK_MAX && text.startsWith(`-----END ${label}-----`, end)
    ? { label, body: text.slice(start, end) }
    : undefined;
}

function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  for (let at = text.indexOf('-----BEGIN '); at >= 0 && blocks.length < 100; at = text.indexOf('-----BEGIN ', at + 11)) {
    const block = blockAt(text, at);
    if (block) blocks.push(block);
  }
  return blocks;
}

/** The base64 in a PEM body that may be cut into quoted pieces with `\n` written out and `+` between them. */
function base64Of(body: string): string {
  return body
    .replaceAll(/["'`]\s{0,200}[+.]?\s{0,200}(?=["'`])/g, '')
    .replaceAll(/\\+[nrt]/g, '')
    .replaceAll(/[^A-Za-z0-9+/=]/g, '');
}

function publicHalf(label: string, der: Buffer): string | undefined {
  try {
    const type = label === 'RSA PRIVATE KEY' ? 'pkcs1' : label === 'EC PRIVATE KEY' ? 'sec1' : 'pkcs8';
    if (label.startsWith('ENCRYPTED') || label.startsWith('OPENSSH')) return undefined;
    return createPublicKey(createPrivateKey({ key: der, format: 'der', type }))
      .export({ type: 'spki', format: 'der' })
      .toString('base64');
  } catch {
    return undefined;
  }
}

function isSource(file: string): boolean {
  return /\.(?:[mc]?[jt]sx?|py|go|java|kt|scala|rb|php|cs|rs|swift|dart|c|cc|cpp|h|hpp)$/i.test(file);
}
