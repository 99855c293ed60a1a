// Certificate requests (PKCS#10, RFC 2986): a workload's proof that it holds the key it wants certified. What the request says about names is compared,
// never believed.
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CullisError } from '#base/errors.ts';
import {
  booleanValue,
  context,
  DerError,
  DerReader,
  oid,
  oidText,
  readWhole,
  sequence,
  TAG,
  tlv,
  unsigned,
  wholeBits,
} from './der.ts';
import { extensionDer, nameDer, signDer, uriNames } from './certificate-write.ts';
import { readAltNames } from './general-names.ts';
import { isP256 } from './keys.ts';
import type { Key } from './keys.ts';
import { OID } from './oids.ts';
import { pemBlocks, toPem } from './pem.ts';
import { parseSpiffeId } from './spiffe-id.ts';

/** A request with a SPIFFE ID of the greatest length fits well. */
const CSR_CHARACTERS_MAX = 8 * 1024;
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';

export interface Csr {
  /** The one URI name, a SPIFFE ID. */
  readonly identity: string;
  readonly publicKey: KeyObject;
  readonly publicKeyDer: Uint8Array;
}

/** A request for `identity`, signed with its key. @returns PEM */
export function createCsr(identity: string, key: Key): string {
  const extensions = sequence(extensionDer(OID.subjectAltName, true, uriNames(identity)));
  const attribute = sequence(oid(OID.extensionRequest), tlv(TAG.set, extensions));
  const info = sequence(unsigned(Uint8Array.of(0)), nameDer(), key.publicKeyDer, tlv(context(0), attribute));
  return toPem('CERTIFICATE REQUEST', signDer(info, key.privateKey));
}

function refuse(text: string, cause?: unknown): never {
  throw new CullisError('ca.refused', `the certificate request ${text}`, { cause });
}

/** The URI names of the extensions asked for; whatever else is asked for, only that it asks for no other kind of name. */
function requestedUris(attributes: DerReader): readonly string[] {
  let uris: readonly string[] | undefined;
  while (!attributes.done) {
    const attribute = attributes.enter(TAG.sequence);
    const id = oidText(attribute.next(TAG.oid).content);
    const values = attribute.enter(TAG.set);
    attribute.end();
    if (id !== OID.extensionRequest) continue;
    if (uris) throw new DerError('extensions are requested twice');
    const extensions = values.enter(TAG.sequence);
    values.end();
    uris = [];
    const seen = new Set<string>();
    while (!extensions.done) {
      const extension = extensions.enter(TAG.sequence);
      const extensionId = oidText(extension.next(TAG.oid).content);
      const critical = extension.optional(TAG.boolean);
      if (critical) booleanValue(critical.content);
      const value = extension.next(TAG.octetString).content;
      extension.end();
      if (seen.has(extensionId)) throw new DerError('an extension is requested twice');
      seen.add(extensionId);
      if (extensionId !== OID.subjectAltName) continue;
      const names = readAltNames(value);
      if (names.dns.length + names.emails.length + names.ips + names.others > 0) refuse('asks for a name that is not a URI');
      uris = names.uris;
    }
  }
  return uris ?? [];
}

/**
 * Reads a request and checks that its sender holds the private key.
 * @throws CullisError ca.refused: oversized, not a PKCS#10 request, a key that is not on P-256, a bad signature, not exactly one URI name, not a SPIFFE ID
 */
export function readCsr(pem: string): Csr {
  if (pem.length > CSR_CHARACTERS_MAX) refuse(`has more than ${CSR_CHARACTERS_MAX} characters`);
  const blocks = pemBlocks(pem);
  const block = blocks[0];
  if (!block || blocks.length !== 1 || block.label !== 'CERTIFICATE REQUEST')
    refuse('is not one PEM block `CERTIFICATE REQUEST`');
  let uris: readonly string[];
  let publicKeyDer: Uint8Array;
  let publicKey: KeyObject;
  try {
    const outer = readWhole(block.bytes, TAG.sequence);
    const info = outer.next(TAG.sequence);
    const algorithm = oidText(outer.enter(TAG.sequence).next(TAG.oid).content);
    const signature = wholeBits(outer.next(TAG.bitString).content);
    outer.end();
    const reader = new DerReader(info.content);
    reader.next(TAG.integer);
    reader.next(TAG.sequence);
    publicKeyDer = reader.next(TAG.sequence).whole;
    const attributes = reader.optional(context(0));
    reader.end();
    publicKey = createPublicKey({ key: Buffer.from(publicKeyDer), format: 'der', type: 'spki' });
    if (!isP256(publicKey)) refuse('has a key that is not on the curve P-256');
    if (algorithm !== ECDSA_SHA256) refuse('is not signed with ECDSA and SHA-256');
    if (!verify('sha256', info.whole, publicKey, signature)) refuse('is not signed with the key it names');
    uris = attributes ? requestedUris(new DerReader(attributes.content)) : [];
  } catch (error) {
    if (error instanceof CullisError) throw error;
    return refuse('could not be read', error);
  }
  if (uris.length !== 1) refuse(`asks for ${uris.length} URI names where one is wanted`);
  const parsed = parseSpiffeId(uris[0]!);
  if (!parsed.ok) refuse(`asks for a name that is not a SPIFFE ID: ${parsed.error}`);
  return { identity: uris[0]!, publicKey, publicKeyDer };
}
