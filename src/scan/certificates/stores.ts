// Certificates of key stores that can be read without their password: those of a JKS file always, those of a PKCS#12 file when its
// certificates are not encrypted.
import { DerError, DerReader, TAG, context, oidText, readWhole } from '#pki/der.ts';

const ENTRIES_MAX = 1000;

/** A Java key store (magic FEEDFEED): trusted certificates and the chains beside private keys; the keys are passed over. */
export function keyStoreCertificates(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new Bytes(bytes);
  const found: Uint8Array[] = [];
  reader.number(4);
  const version = reader.number(4);
  const entries = Math.min(reader.number(4), ENTRIES_MAX);
  const certificate = (): void => {
    if (version === 2) reader.take(reader.number(2));
    const der = reader.take(reader.number(4));
    if (der.length > 0) found.push(der);
  };
  for (let i = 0; i < entries && !reader.failed; i++) {
    const tag = reader.number(4);
    // Alias, and the day it was made.
    reader.take(reader.number(2));
    reader.take(8);
    if (tag === 2) certificate();
    else if (tag === 1) {
      reader.take(reader.number(4));
      for (let chain = Math.min(reader.number(4), 20); chain > 0 && !reader.failed; chain--) certificate();
    } else break;
  }
  return found;
}

/** Big-endian reading that fails quietly. */
class Bytes {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(size: number): number {
    let value = 0;
    for (const byte of this.take(size)) value = value * 256 + byte;
    return value;
  }

  take(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) {
      this.failed = true;
      return new Uint8Array();
    }
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }
}

const DATA = '1.2.840.113549.1.7.1';
const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const X509 = '1.2.840.113549.1.9.22.1';

/** RFC 7292: PFX, AuthenticatedSafe, the SafeContents that are not encrypted, their certificate bags. */
export function pkcs12Certificates(bytes: Uint8Array): readonly Uint8Array[] {
  try {
    const pfx = readWhole(bytes, TAG.sequence);
    pfx.next(TAG.integer);
    const safe = dataOf(pfx.enter(TAG.sequence));
    if (!safe) return [];
    const found: Uint8Array[] = [];
    const infos = readWhole(safe, TAG.sequence);
    for (let i = 0; !infos.done && i < 100; i++) {
      const contents = dataOf(infos.enter(TAG.sequence));
      if (contents) bags(contents, found);
    }
    return found;
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

/** The octets of a ContentInfo of type data. */
function dataOf(info: DerReader): Uint8Array | undefined {
  if (oidText(info.next(TAG.oid).content) !== DATA) return undefined;
  return new DerReader(info.next(context(0)).content).next(TAG.octetString).content;
}

function bags(contents: Uint8Array, into: Uint8Array[]): void {
  const all = readWhole(contents, TAG.sequence);
  for (let i = 0; !all.done && i < ENTRIES_MAX; i++) {
    const bag = all.enter(TAG.sequence);
    if (oidText(bag.next(TAG.oid).content) !== CERT_BAG) continue;
    const certificate = new DerReader(bag.next(context(0)).content).enter(TAG.sequence);
    if (oidText(certificate.next(TAG.oid).content) !== X509) continue;
    into.push(new DerReader(certificate.next(context(0)).content).next(TAG.octetString).content);
  }
}
